// What was refused, why, and what helps.

import { html } from "../lib/html.js";
import { W } from "../words.js";

/** @param {{problem: any, title?: string}} props */
export function ProblemBox({ problem, title = W.refused }) {
  if (!problem) return null;
  return html`<div class="problem" role="alert">
    <strong>${title}</strong>
    <span>${problem.message}</span>
    ${problem.problems?.length > 0 && html`<ul>${problem.problems.slice(0, 12).map((each) => html`
      <li>${each.path || each.field || each.where ? html`<code>${each.path || each.field || each.where}</code> ` : ""}${each.message || each.detail}${each.cure ? ` (${each.cure})` : ""}</li>`)}</ul>`}
    ${problem.cure && html`<span><b>${W.cure}:</b> ${problem.cure}</span>`}
  </div>`;
}
