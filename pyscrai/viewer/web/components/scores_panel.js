// What was measured and judged: values over the run, each with the lines that it rests on; the report below.

import { html } from "../lib/html.js";
import { titled } from "../lib/format.js";
import { W } from "../words.js";
import { Evidence } from "./evidence.js";
import { Markdown } from "./markdown.js";

/** @param {{session: import("../data/run_session.js").RunSession}} props */
export function ScoresPanel({ session }) {
  const { store } = session;
  store.version.value;
  const groups = new Map();
  for (const event of store.measurements) {
    const name = event.kind === "verdict" ? W.verdict(event.payload.goal, event.payload.met) : event.payload.measure;
    groups.set(name, [...(groups.get(name) || []), event]);
  }
  return html`<div class="panel-body">
    ${groups.size === 0 && html`<p class="empty">${W.score.none}</p>`}
    ${[...groups].map(([name, events]) => html`<section key=${name} class="measure"><h2>${titled(name)}</h2><${Scale} session=${session} name=${name} events=${events} />
      <ul>${events.map((event) => html`<li key=${event.seq} class=${session.line.value === event.seq ? "chosen" : ""}>
        <div class="row"><b class=${`value ${typeof event.payload.value === "number" ? "number" : ""}`}>${event.kind === "verdict" ? (event.payload.met ? "✓" : "✗") : event.payload.value ?? W.score.noValue}</b>
          ${event.payload.of && html`<span class=${session.hue(event.payload.of)}><span class="who">${store.name(event.payload.of)}</span></span>`}<span class="space" /><small>${W.turn(event.turn)}</small></div>
        <p class="rationale">${event.payload.rationale}</p><${Evidence} session=${session} keys=${event.payload.evidence} /></li>`)}</ul></section>`)}
    ${store.report && html`<section class="report"><h2>${W.score.report}</h2><${Markdown} text=${store.report} /></section>`}
  </div>`;
}

/** The scale of a measure with a mark for each value. */
function Scale({ session, name, events }) {
  const about = session.template.value?.analysis?.measures?.find((measure) => measure.name === name);
  if (about?.categories) {
    return html`<div class="categories">${about.categories.map((each) => html`<span key=${each}>${each} <b>${events.filter((event) => event.payload.value === each).length}</b></span>`)}</div>`;
  }
  if (!about?.scale) return null;
  const [low, high] = about.scale;
  return html`<div class="scale"><small>${low}</small><div>${events.filter((event) => typeof event.payload.value === "number").map((event) => html`
    <i key=${event.seq} class=${session.hue(event.payload.of)} style=${{ left: `${((event.payload.value - low) / (high - low || 1)) * 100}%` }} title=${event.payload.value} />`)}</div><small>${high}</small></div>`;
}
