// What the keyboard does.

import { html } from "../lib/html.js";
import { W } from "../words.js";
import { Dialog } from "./dialog.js";

/** @param {{close: () => void}} props */
export function KeysDialog({ close }) {
  return html`<${Dialog} title=${W.keys.title} close=${close}><dl class="key-list">${W.keys.list.map(([keys, what]) => html`<dt>${keys.split(" ").map((key) => (key === "/" && keys.length > 1) || key === "…" ? html` ${key} ` : html`<kbd>${key}</kbd>`)}</dt><dd>${what}</dd>`)}</dl></${Dialog}>`;
}
