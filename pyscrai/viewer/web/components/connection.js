// Whether what is shown is what is: the state of the page's stream, as words and a dot.

import { html, signal } from "../lib/html.js";
import { W } from "../words.js";

/** The state of the stream of the page that is open; empty where it has none. */
export const connection = signal("");

export function ConnectionBadge() {
  const state = connection.value;
  if (!state) return null;
  return html`<span class=${`connection ${state}`} role="status" title=${W.connection.hint[state]}><i class=${state === "waiting" ? "pulse" : ""} />${W.connection[state]}</span>`;
}
