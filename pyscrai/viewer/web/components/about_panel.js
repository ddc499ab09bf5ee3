// Where a run comes from and how it ended: enough to play the same again.

import { html, useEffect, useState } from "../lib/html.js";
import { duration, money, moment, number, plain, titled } from "../lib/format.js";
import { go, link } from "../lib/router.js";
import { outcomeText } from "../data/entries.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { refuse } from "./toasts.js";

/** What `POST /runs` needs to play the same again. */
export function sameAgain(run) {
  const [template, version] = run.template.split("@");
  const { model, role_models: roleModels, max_turns: maxTurns, budget_usd: budget, without } = run.settings || {};
  const body = { template, version, seed: run.seed, parameters: run.parameters, model, role_models: roleModels, max_turns: maxTurns, budget_usd: budget, without, tags: run.tags };
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined && value !== null));
}

/** The same at a terminal. */
function command(run) {
  const { model, max_turns: turns } = run.settings || {};
  const set = Object.entries(run.parameters || {}).map(([name, value]) => ` --set ${name}=${plain(value)}`).join("");
  return `pyscrai run ${run.template} --seed ${run.seed}${model ? ` --model ${model}` : ""}${turns ? ` --max-turns ${turns}` : ""}${set}`;
}

/** @param {{session: import("../data/run_session.js").RunSession}} props */
export function AboutPanel({ session }) {
  const run = session.run.value;
  const [metrics, setMetrics] = useState(/** @type {any} */ (null));
  const [replayed, setReplayed] = useState(/** @type {any} */ (null));
  useEffect(() => { source.metrics(session.id).then((found) => setMetrics(found.metrics), () => {}); }, [run?.turn, run?.status]);
  if (!run) return null;
  const again = () => source.create(sameAgain(run)).then((made) => go(["runs", made.run_id]), refuse);
  const replay = () => source.replay(session.id).then(setReplayed, refuse);
  const known = metrics?.run;
  return html`<div class="panel-body">
    ${(run.outcome || run.error) && html`<section class=${`outcome ${run.status}`}><h3>${W.about.outcome}</h3><p>${run.error ? run.error.message : outcomeText(run.outcome)}</p></section>`}
    <dl class="facts">
      <dt>${W.about.scenario}</dt><dd><a href=${link(["scenarios", ...run.template.split("@")])}>${run.template}</a></dd>
      <dt>${W.about.seed}</dt><dd>${run.seed}</dd>
      ${Object.keys(run.parameters).length > 0 && html`<dt>${W.about.parameters}</dt><dd>${Object.entries(run.parameters).map(([name, value]) => html`<div>${titled(name)}: <b>${plain(value)}</b></div>`)}</dd>`}
      <dt>${W.about.models}</dt><dd>${[...new Set(run.cast.map((member) => member.model))].join(", ")}</dd>
      ${run.tags.length > 0 && html`<dt>${W.about.tags}</dt><dd>${run.tags.map((tag) => html`<span class="tag">${tag}</span> `)}</dd>`}
      ${run.parent_run_id && html`<dt>${W.about.parent}</dt><dd><a href=${link(["runs", run.parent_run_id], { turn: run.fork_turn })}>${run.parent_run_id}</a>, ${W.turn(run.fork_turn)}</dd>`}
      <dt>${W.about.created}</dt><dd>${moment(run.created_at)}</dd>
      ${run.ended_at && html`<dt>${W.about.ended}</dt><dd>${moment(run.ended_at)} <small>(${duration(Date.parse(run.ended_at) - Date.parse(run.started_at || run.created_at))})</small></dd>`}
      <dt>${W.about.id}</dt><dd class="mono">${run.run_id}</dd>
      <dt>${W.about.hash}</dt><dd class="mono">${run.template_hash.slice(0, 16)}</dd>
      ${run.studio_thread && html`<dt>${W.about.studio}</dt><dd class="mono">${run.studio_thread}</dd>`}
    </dl>
    ${known && html`<h3>${W.about.figures}</h3><table class="role-figures"><thead><tr><th><span class="hidden">${W.about.perRole}</span></th><th class="number">calls</th><th class="number">tokens</th><th class="number">p50</th><th class="number">cost</th></tr></thead>
      <tbody>${Object.entries(metrics).map(([role, found]) => html`<tr key=${role} class=${role === "run" ? "sum" : session.hue(role)}><th scope="row"><span class="who">${role === "run" ? "all" : session.store.name(role)}</span></th><td class="number">${number(found.calls)}</td><td class="number">${number((found.prompt_tokens || 0) + (found.completion_tokens || 0))}</td><td class="number">${duration(found.latency_p50_ms)}</td><td class="number">${money(found.cost_usd)}</td></tr>`)}</tbody></table>`}
    <h3>${W.about.cli}</h3><pre tabindex="0">${command(run)}</pre>
    ${source.canSteer && html`<div class="row"><button onClick=${again}>${W.about.again}</button><button onClick=${() => { session.dialog.value = { name: "export" }; }}>${W.exporting.open}</button>${run.ended_at && html`<button onClick=${replay}>${W.about.replay}</button>`}</div>
      ${replayed && html`<p class="hint">${replayed.same ? W.about.replaySame(replayed.events, replayed.calls) : W.about.replayDiffers(replayed.difference?.turn)}</p>`}`}
  </div>`;
}
