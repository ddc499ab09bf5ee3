// Short messages in the corner: what was done, and what was refused with its reason.

import { html, signal } from "../lib/html.js";
import { W } from "../words.js";
import { Icon } from "./icons.js";

const toasts = signal(/** @type {{id: number, text: string, cure?: string, bad?: boolean}[]} */ ([]));
let last = 0;

const drop = (id) => { toasts.value = toasts.value.filter((each) => each.id !== id); };

/** Say something for some seconds. */
export function say(text) {
  const id = last += 1;
  toasts.value = [...toasts.value, { id, text }].slice(-4);
  setTimeout(drop, 4_000, id);
}

/** Say that something was refused; it stays until it is read. */
export function refuse(problem, what = W.refused) {
  const id = last += 1;
  toasts.value = [...toasts.value, { id, text: `${what}: ${problem.message}`, cure: problem.cure, bad: true }].slice(-4);
  setTimeout(drop, 15_000, id);
}

export function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">${toasts.value.map((toast) => html`
    <div key=${toast.id} class=${`toast ${toast.bad ? "bad" : ""}`}>
      <div>${toast.text}${toast.cure && html`<br /><small>${W.cure}: ${toast.cure}</small>`}</div>
      <button class="icon" aria-label=${W.close} onClick=${() => drop(toast.id)}><${Icon} name="close" /></button>
    </div>`)}</div>`;
}
