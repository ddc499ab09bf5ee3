// What a run has cost so far, against its budget, with a forecast to the end.

import { html } from "../lib/html.js";
import { compact, money } from "../lib/format.js";
import { source } from "../data/source.js";
import { W } from "../words.js";

/** The cost to be expected at the end; null where nothing can be said of it. */
export function forecast(run, template) {
  const cost = run.usage?.cost_usd || 0;
  const most = run.settings?.max_turns || template?.max_turns;
  return run.ended_at === null && cost > 0 && run.turn >= 3 && most ? (cost / run.turn) * most : null;
}

/** @param {{session: import("../data/run_session.js").RunSession}} props */
export function Spend({ session }) {
  const run = session.run.value;
  const { cost_usd: cost = 0, tokens = 0, calls = 0 } = run.usage || {};
  const budget = run.settings?.budget_usd;
  const toEnd = forecast(run, session.template.value);
  const share = budget ? Math.min(1, (cost || 0) / budget) : 0;
  const told = html`${cost === null ? W.budget.unknown : cost > 0 || budget ? money(cost) : W.budget.free}${budget ? html`<small> ${W.budget.of} ${money(budget)}</small><span class="meter"><i style=${{ width: `${share * 100}%` }} class=${share > 0.8 ? "high" : ""} /></span>` : ""}
    ${toEnd !== null && html`<small class=${budget && toEnd > budget ? "over-budget" : ""}> ${W.budget.forecast(money(toEnd))}</small>`}
    <small class="wide"> · ${compact(tokens)} tokens</small>`;
  const title = `${W.calls(calls)}, ${W.tokens(tokens)}`;
  if (!source.canSteer || ["completed", "stopped"].includes(run.status)) return html`<span class="fact spend" title=${title}>${told}</span>`;
  return html`<button class="plain fact spend" title=${`${title}. ${W.budget.change}`} onClick=${() => { session.dialog.value = { name: "budget" }; }}>${told}</button>`;
}
