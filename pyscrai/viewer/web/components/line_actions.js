// What can be done with one line: fork there, see the call behind it, read as its speaker, copy a link.

import { html } from "../lib/html.js";
import { link, route } from "../lib/router.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { Icon } from "./icons.js";
import { say } from "./toasts.js";

/** Copy the address of a line. */
export function copyLink(id, seq) {
  const url = new URL(link(["runs", id], { line: seq, panel: route.peek().query.panel }), location.href);
  navigator.clipboard?.writeText(String(url)).then(() => say(W.copied), () => {});
}

/** @param {{session: import("../data/run_session.js").RunSession, event: any}} props */
export function LineActions({ session, event }) {
  const model = event.source && session.roles().includes(event.source);
  return html`<div class="line-actions">
    ${model && html`<button class="icon" title=${W.readAs(session.store.name(event.source))} aria-label=${W.readAs(session.store.name(event.source))}
      onClick=${() => { session.choose(event.seq); session.readAs(event.source, event.turn); }}><${Icon} name="eye" /></button>`}
    ${model && html`<button class="icon" title=${W.showCall} aria-label=${W.showCall} onClick=${() => session.choose(event.seq, "call")}><${Icon} name="call" /></button>`}
    ${source.canSteer && html`<button class="icon" title=${W.forkHere} aria-label=${W.forkHere} onClick=${() => { session.choose(event.seq); session.dialog.value = { name: "fork", event }; }}><${Icon} name="fork" /></button>`}
    ${source.canSteer && html`<button class="icon" title=${W.notes.add} aria-label=${W.notes.add} onClick=${() => { session.choose(event.seq); session.dialog.value = { name: "note", event }; }}><${Icon} name="note" /></button>`}
    <button class="icon" title=${W.copyLink} aria-label=${W.copyLink} onClick=${() => copyLink(session.id, event.seq)}><${Icon} name="link" /></button>
  </div>`;
}
