// Judges beside each other, blind to the arm: every item's scores by judge and pass, the widest disagreement first.

import { html, useEffect, useState } from "../lib/html.js";
import { link } from "../lib/router.js";
import { experiments } from "../data/experiment_source.js";
import { W } from "../words.js";
import { rounded } from "./contrast_plot.js";

const RELIABLE = 0.667;

/** @param {{id: string, version: string, agreement: any[], byJudge?: any[]}} props `version` changes with what was judged */
export function JudgesTable({ id, version, agreement, byJudge = [] }) {
  const [items, setItems] = useState(/** @type {any[] | null} */ (null));
  useEffect(() => { experiments.judgements(id).then((page) => setItems(page.items), () => setItems([])); }, [id, version]);
  if (!items) return html`<p class="hint">${W.loading}</p>`;
  if (!items.length) return html`<p class="empty">${W.experiments.noJudges}</p>`;
  const columns = [...new Set(items.map((each) => `${each.judge} · ${each.pass}`))].sort();
  const rows = new Map();
  for (const each of items) {
    const key = `${each.run_id}|${each.measure}|${each.of || ""}`;
    if (!rows.has(key)) rows.set(key, { run: each.run_id, measure: each.measure, of: each.of, scores: {} });
    rows.get(key).scores[`${each.judge} · ${each.pass}`] = each;
  }
  const spread = (row) => {
    const scores = Object.values(row.scores);
    const numbers = scores.map((each) => each.number).filter((value) => value !== null);
    return numbers.length > 1 ? Math.max(...numbers) - Math.min(...numbers) : new Set(scores.map((each) => each.category)).size - 1;
  };
  const sorted = [...rows.values()].sort((a, b) => spread(b) - spread(a));
  return html`${agreement.length > 0 && html`<${Agreement} entries=${agreement} />`}
    ${byJudge.length > 0 && html`<${ByJudge} rows=${byJudge} />`}
    <div class="board-scroll" tabindex="0" role="region" aria-label=${W.experiments.judges}><table class="judges"><thead><tr><th>${W.runsPage.columns.name}</th><th>${W.experiments.measure}</th>${columns.map((each) => html`<th key=${each}>${each}</th>`)}<th class="number">${W.experiments.apart}</th></tr></thead>
      <tbody>${sorted.map((row) => html`<tr key=${`${row.run}${row.measure}${row.of}`} class=${spread(row) > 0 ? "apart" : ""}><td><a class="mono" href=${link(["runs", row.run])}>${row.run.slice(-6)}</a></td><td>${row.measure}${row.of ? ` · ${row.of}` : ""}</td>
        ${columns.map((each) => { const score = row.scores[each]; return html`<td key=${each} title=${score?.rationale}><b>${score ? score.number ?? score.category ?? W.score.noValue : ""}</b>${score?.evidence?.length ? html` ${score.evidence.map((key) => html`<a key=${key} href=${link(["runs", row.run], { key })}>${key}</a> `)}` : ""}</td>`; })}
        <td class="number">${rounded(spread(row))}</td></tr>`)}</tbody></table></div>`;
}

/** How far the judges agree: of all models, of each with itself, and with people. @param {{entries: any[]}} props */
function Agreement({ entries }) {
  const rows = entries.flatMap((entry) => [
    { ...entry, who: W.experiments.allModels, judgements: entry.values }, ...(entry.judges || []).map((judge) => ({ ...judge, measure: entry.measure, who: judge.judge })),
    ...(entry.people ? [{ ...entry.people, measure: entry.measure, who: W.experiments.withPeople }] : []),
  ]);
  return html`<table class="agreement"><thead><tr><th>${W.experiments.measure}</th><th>${W.experiments.judges}</th><th class="number">${W.experiments.alpha}</th><th>${W.experiments.interval}</th><th class="number">${W.experiments.items}</th></tr></thead>
    <tbody>${rows.map((row, index) => html`<tr key=${index}><td>${row.measure}</td><td>${row.who}</td><td class=${`number ${row.alpha !== null && row.alpha < RELIABLE ? "low" : ""}`}><b>${rounded(row.alpha)}</b></td><td>${row.low === null || row.low === undefined ? "" : `${rounded(row.low)} ${W.experiments.to} ${rounded(row.high)}`}</td><td class="number">${row.items ?? ""}</td></tr>`)}</tbody></table>`;
}

/** Each contrast by each judge; who judged beyond the plan changes none. @param {{rows: any[]}} props */
function ByJudge({ rows }) {
  return html`<table class="agreement by-judge"><caption>${W.experiments.byJudge}</caption><thead><tr><th>${W.experiments.measure}</th><th>${W.experiments.contrasts}</th><th>${W.experiments.judges}</th><th class="number">${W.experiments.difference}</th><th>${W.experiments.interval}</th></tr></thead>
    <tbody>${rows.map((row, index) => html`<tr key=${index}><td>${row.measure}</td><td>${row.arm} − ${row.reference}</td><td>${row.judge}${row.planned ? "" : html` <small>${W.experiments.beyondPlan}</small>`}</td><td class="number"><b>${rounded(row.difference)}</b></td><td>${row.low === null ? "" : `${rounded(row.low)} ${W.experiments.to} ${rounded(row.high)}`}</td></tr>`)}</tbody></table>`;
}
