// What was refused, why, and what helps.

import { html } from "../lib/html.js";
import { W } from "../words.js";
import { Coded } from "./coded.js";

/** @param {{problem: any, title?: string}} props */
export function ProblemBox({ problem, title }) {
  if (!problem) return null;
  const more = (problem.problems || []).filter((each) => !problem.message.includes(each.message || each.detail));
  const head = title || { 0: W.noAnswer, 404: W.notFound }[problem.status] || W.refused;
  return html`<div class="problem" role="alert">
    <strong>${head}</strong>
    <span dir="auto">${problem.message}</span>
    ${more.length > 0 && html`<ul>${more.slice(0, 12).map((each) => html`
      <li>${each.path || each.field || each.where ? html`<code>${each.path || each.field || each.where}</code> ` : ""}${each.message || each.detail}${each.cure ? ` (${each.cure})` : ""}</li>`)}</ul>`}
    ${problem.cure && html`<span><b>${W.cure}:</b> <${Coded} text=${problem.cure} /></span>`}
  </div>`;
}
