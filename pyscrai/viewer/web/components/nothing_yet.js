// A page that has nothing to show yet, and how that changes.

import { html } from "../lib/html.js";
import { Coded } from "./coded.js";

/** @param {{title: string, text: string}} props */
export function NothingYet({ title, text }) {
  return html`<div class="nothing-yet empty"><h2>${title}</h2><p><${Coded} text=${text} /></p></div>`;
}
