// Asks once more before a run ends for good.

import { html } from "../lib/html.js";
import { W } from "../words.js";
import { Dialog } from "./dialog.js";

/** @param {{session: import("../data/run_session.js").RunSession, close: () => void}} props */
export function StopDialog({ session, close }) {
  const go = (action) => { close(); session.ask(action); };
  return html`<${Dialog} title=${W.controls.stop} close=${close} footer=${html`<button onClick=${close}>${W.close}</button><button class="danger" onClick=${() => go("cancel")}>${W.controls.cancel}</button><button class="primary" onClick=${() => go("stop")}>${W.controls.stop}</button>`}>
    <p>${W.controls.stopSure}</p></${Dialog}>`;
}
