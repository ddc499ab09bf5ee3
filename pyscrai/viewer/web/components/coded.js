// A text in which what stands between backticks is code.

import { html } from "../lib/html.js";

/** @param {{text: string}} props */
export function Coded({ text }) {
  return String(text || "").split(/`([^`]+)`/).map((part, index) => (index % 2 ? html`<code key=${index}>${part}</code>` : part));
}
