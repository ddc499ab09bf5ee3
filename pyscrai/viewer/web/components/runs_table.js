// Runs as rows: what they play, how they stand, how far, for how much.

import { html } from "../lib/html.js";
import { ago, compact, moment, money, titled } from "../lib/format.js";
import { link } from "../lib/router.js";
import { outcomeText } from "../data/entries.js";
import { W } from "../words.js";
import { StatusPill } from "./controls.js";
import { Icon } from "./icons.js";
import { NothingYet } from "./nothing_yet.js";

/** @param {{runs: any[] | null, chosen: Set<string> | null, choose: (ids: Set<string>) => void, filtered: boolean}} props */
export function RunsTable({ runs, chosen, choose, filtered }) {
  if (runs === null) return html`<p class="empty">${W.loading}</p>`;
  if (!runs.length) return filtered ? html`<p class="empty">${W.runsPage.none}</p>` : html`<${NothingYet} title=${W.runsPage.noneAtAll} text=${W.runsPage.noneHint} />`;
  const { columns } = W.runsPage;
  const toggle = (id) => { const next = new Set(chosen); if (next.has(id)) next.delete(id); else next.add(id); choose(next); };
  const all = chosen && runs.every((run) => chosen.has(run.run_id));
  return html`<table class="runs"><thead><tr>
      ${chosen && html`<th class="tick"><input type="checkbox" aria-label=${W.runsPage.chooseAll} checked=${all} onChange=${() => choose(all ? new Set() : new Set(runs.map((run) => run.run_id)))} /></th>`}
      <th>${columns.name}</th><th class="status">${columns.status}</th><th class="number turn">${columns.turn}</th><th class="number wide">${columns.cost}</th><th class="number wide">${columns.tokens}</th><th class="wide">${columns.made}</th></tr></thead>
    <tbody>${runs.map((run) => html`<tr key=${run.run_id} class=${chosen?.has(run.run_id) ? "chosen" : ""}>
      ${chosen && html`<td class="tick"><input type="checkbox" aria-label=${`${W.runsPage.choose} ${run.run_id}`} checked=${chosen.has(run.run_id)} onChange=${() => toggle(run.run_id)} /></td>`}
      <td class="run-name"><a href=${link(["runs", run.run_id])}>${run.name === run.template.split("@")[0] ? titled(run.name) : run.name}</a>
        ${run.parent_run_id && html`<a class="fork-of" href=${link(["runs", run.parent_run_id, "futures"], { with: run.run_id })} title=${`${W.forkedFrom(run.fork_turn)} ${run.parent_run_id}`}><${Icon} name="fork" />${run.fork_turn}</a>`}
        ${run.tags.map((tag) => html`<span class="tag">${tag}</span>`)}
        <small>${run.run_id} · ${run.template}</small></td>
      <td><${StatusPill} run=${run} />${(run.error || run.outcome) && html`<small class="outcome-text" title=${run.error?.message || outcomeText(run.outcome)}>${run.error?.message || titled(run.outcome.label || run.outcome.end)}</small>`}</td>
      <td class="number">${run.turn}</td><td class="number wide">${money(run.usage?.cost_usd ?? 0)}</td><td class="number wide">${compact(run.usage?.tokens ?? 0)}</td>
      <td class="wide made" title=${moment(run.created_at)}>${ago(run.created_at)}</td></tr>`)}</tbody></table>`;
}
