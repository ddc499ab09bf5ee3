// A link with which a person takes the seat of one role, and can do nothing else.

import { html, useState } from "../lib/html.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { Dialog } from "./dialog.js";
import { Icon } from "./icons.js";
import { refuse, say } from "./toasts.js";

/** @param {{session: import("../data/run_session.js").RunSession, role: string}} props */
export function CopySeat({ session, role }) {
  const [link, setLink] = useState("");
  const make = async () => {
    try {
      const made = await source.seat(session.id, role);
      setLink(String(new URL(`#/seat/${made.token}`, location.href.split("#")[0])));
    } catch (error) { refuse(error); }
  };
  const copy = () => navigator.clipboard?.writeText(link).then(() => say(W.copied), () => {});
  return html`<button class="icon" title=${W.person.seat} aria-label=${`${W.person.seat}: ${session.store.name(role)}`} onClick=${make}><${Icon} name="link" /></button>
    ${link && html`<${Dialog} title=${W.person.seat} close=${() => setLink("")} footer=${html`<button class="primary" onClick=${copy}>${W.copyShort}</button>`}>
      <p>${W.person.seatHint} ${W.person.seatDone}</p><label>${W.person.seat}<input readonly class="mono seat-link" value=${link} onFocus=${(event) => event.target.select()} /></label></${Dialog}>`}`;
}
