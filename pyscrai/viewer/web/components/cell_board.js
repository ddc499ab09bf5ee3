// The board of an experiment: an arm a row, a past a column, each cell by its state; a cell leads to its run.

import { html } from "../lib/html.js";
import { go, link } from "../lib/router.js";
import { W } from "../words.js";

const STATES = ["ended", "playing", "planned", "failed", "excluded"];

/** @param {{cells: any[], arms: string[]}} props */
export function CellBoard({ cells, arms }) {
  const pasts = [...new Set(cells.map((cell) => cell.past))].sort((a, b) => a - b);
  const repeats = Math.max(1, ...cells.map((cell) => cell.repeat));
  const byPlace = new Map(cells.map((cell) => [`${cell.past}|${cell.arm}|${cell.repeat}`, cell]));
  const counts = STATES.map((state) => [state, cells.filter((cell) => cell.state === state).length]);
  return html`<div class="board"><div class="board-scroll" tabindex="0" role="region" aria-label=${W.experiments.board}><table><thead><tr><th><span class="hidden">${W.experiments.arm}</span></th>${pasts.map((past) => html`<th key=${past}><span class=${pasts.length > 40 ? "hidden" : ""}>${past}</span></th>`)}</tr></thead>
    <tbody>${arms.map((arm) => html`<tr key=${arm}><th scope="row">${arm}</th>${pasts.map((past) => html`<td key=${past}>${Array.from({ length: repeats }, (_, index) => {
      const cell = byPlace.get(`${past}|${arm}|${index + 1}`);
      if (!cell) return html`<i class="cell none" />`;
      const told = `${W.experiments.past(past)}, ${arm}${repeats > 1 ? `, ${index + 1}` : ""}: ${W.experiments.states[cell.state]}${cell.reason ? ` (${cell.reason})` : ""}${cell.attempts > 1 ? `, ${W.experiments.attempts(cell.attempts)}` : ""}`;
      return cell.run_id ? html`<a class=${`cell ${cell.state}`} href=${link(["runs", cell.run_id])} title=${told} aria-label=${told} />` : html`<i class=${`cell ${cell.state}`} title=${told} />`;
    })}</td>`)}</tr>`)}</tbody></table></div>
    <p class="legend">${counts.filter(([, count]) => count).map(([state, count]) => html`<span key=${state}><i class=${`cell ${state}`} />${W.experiments.states[state]} <b>${count}</b></span>`)}</p></div>`;
}

/** Failures in words: which attempt of which cell, and what was done. @param {{cells: any[]}} props */
export function Failures({ cells }) {
  const failed = cells.filter((cell) => cell.state === "failed" || cell.state === "excluded" || cell.attempts > 1);
  if (!failed.length) return null;
  return html`<details class="failures"><summary>${W.experiments.failures(failed.length)}</summary><table><thead><tr><th>${W.experiments.arm}</th><th class="number">${W.experiments.pastHead}</th><th>${W.runsPage.columns.status}</th><th class="number">${W.call.attempts}</th><th>${W.why}</th></tr></thead>
    <tbody>${failed.map((cell) => html`<tr key=${`${cell.past}${cell.arm}${cell.repeat}`} onClick=${() => cell.run_id && go(["runs", cell.run_id])}><td>${cell.arm}</td><td class="number">${cell.past}</td><td>${W.experiments.states[cell.state]}</td><td class="number">${cell.attempts}</td><td>${cell.reason || cell.error?.message || ""}</td></tr>`)}</tbody></table></details>`;
}
