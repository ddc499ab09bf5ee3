// The head of the run page: what is played, how it stands, what it costs, and the controls.

import { html } from "../lib/html.js";
import { compact, money, titled } from "../lib/format.js";
import { link } from "../lib/router.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { Controls, StatusPill } from "./controls.js";
import { Icon } from "./icons.js";

/** @param {{session: import("../data/run_session.js").RunSession}} props */
export function RunHeader({ session }) {
  const run = session.run.value;
  session.store.version.value;
  if (!run) return null;
  const template = session.template.value;
  const name = run.template.split("@")[0];
  const title = run.name && run.name !== name ? run.name : template?.title || titled(name);
  return html`<header class="run-head">
    <div class="titles">
      <h1>${title}</h1>
      <div class="row facts-row">
        <${StatusPill} run=${run} />
        <span class="fact">${W.turn(session.store.lastTurn || run.turn)}${run.settings?.max_turns || template?.max_turns ? html`<small> / ${run.settings?.max_turns || template?.max_turns}</small>` : ""}</span>
        <span class="fact">${titled(run.phase)}</span>
        <${Spend} run=${run} template=${template} />
        <a class="fact" href=${link(["runs", session.id, "futures"])}><${Icon} name="tree" />${W.futures.tree}</a>
      </div>
    </div>
    ${source.canSteer && html`<${Controls} session=${session} />`}
  </header>`;
}

/** Spent so far, against the budget, with a forecast to the end. */
function Spend({ run, template }) {
  const { cost_usd: cost = 0, tokens = 0, calls = 0 } = run.usage || {};
  const budget = run.settings?.budget_usd;
  const most = run.settings?.max_turns || template?.max_turns;
  const forecast = run.ended_at === null && cost > 0 && run.turn >= 3 && most ? (cost / run.turn) * most : null;
  const share = budget ? Math.min(1, cost / budget) : 0;
  return html`<span class="fact spend" title=${`${W.calls(calls)}, ${W.tokens(tokens)}`}>
    ${cost > 0 || budget ? money(cost) : W.budget.free}${budget ? html`<small> ${W.budget.of} ${money(budget)}</small><span class="meter"><i style=${{ width: `${share * 100}%` }} class=${share > 0.8 ? "high" : ""} /></span>` : ""}
    ${forecast !== null && html`<small> ${W.budget.forecast(money(forecast))}</small>`}
    <small class="wide"> · ${compact(tokens)} tokens</small></span>`;
}
