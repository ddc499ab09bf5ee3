// A page before its data has come, or when it does not come.

import { html } from "../lib/html.js";
import { W } from "../words.js";
import { ProblemBox } from "./problem.js";

/** @param {{problem?: any, words?: string}} props `words` stand there meanwhile */
export function PageInWait({ problem = null, words = W.loading }) {
  return html`<main id="content"><div class="page"><h1 class="hidden">${problem ? problem.message : words}</h1>
    ${problem ? html`<${ProblemBox} problem=${problem} />` : html`<p class="empty" aria-hidden="true">${words}</p>`}</div></main>`;
}
