// The lines that a judgement cites, as links to them.

import { html } from "../lib/html.js";
import { link } from "../lib/router.js";
import { W } from "../words.js";

/** @param {{session: import("../data/run_session.js").RunSession, keys: string[]}} props */
export function Evidence({ session, keys }) {
  const found = (keys || []).map((key) => session.store.byKey.get(key)).filter(Boolean);
  if (!found.length) return html`<small class="cites">${W.score.noEvidence}</small>`;
  return html`<span class="cites">${found.map((event) => html`
    <a key=${event.seq} class=${session.hue(event.source)} href=${link(["runs", session.id], { line: event.seq })} title=${event.payload.text || event.kind}
      onClick=${(click) => { click.preventDefault(); session.choose(event.seq); }}><span class="who">${session.store.name(event.source) || event.kind}</span> ${event.turn}</a>`)}</span>`;
}
