// One experiment: its board while it runs, its contrasts down to the cited lines, its judges and its report.

import { html, useEffect, useState } from "../lib/html.js";
import { compact, duration, money } from "../lib/format.js";
import { retain, route } from "../lib/router.js";
import { experiments } from "../data/experiment_source.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { ArmMeans } from "../components/arm_means.js";
import { CellBoard, Failures } from "../components/cell_board.js";
import { Lines } from "../components/chart.js";
import { connection } from "../components/connection.js";
import { ContrastPlot, rounded, sharedRange } from "../components/contrast_plot.js";
import { ExportDialog } from "../components/export_dialog.js";
import { Icon } from "../components/icons.js";
import { JudgesTable } from "../components/judges_table.js";
import { Markdown } from "../components/markdown.js";
import { PageInWait } from "../components/page_in_wait.js";
import { PairTable } from "../components/pair_table.js";
import { ProblemBox } from "../components/problem.js";
import { refuse } from "../components/toasts.js";

/** @param {{id: string}} props */
export function ExperimentPage({ id }) {
  const { query } = route.value;
  const tab = ["contrasts", "board", "judges", "report"].includes(query.tab) ? query.tab : "contrasts";
  const [state, setState] = useState(/** @type {any} */ (null));
  const [cells, setCells] = useState(/** @type {any[]} */ ([]));
  const [results, setResults] = useState(/** @type {any} */ (null));
  const [report, setReport] = useState(/** @type {string | null} */ (null));
  const [problem, setProblem] = useState(null);
  const [exporting, setExporting] = useState(false);
  const [widths, setWidths] = useState(/** @type {[number, number][]} */ ([]));

  useEffect(() => {
    const stop = experiments.follow(id, {
      events: (batch) => {
        setState(batch[batch.length - 1]);
      },
      state: (how, refused) => { connection.value = how; if (refused) setProblem(refused); },
    });
    return () => { stop(); connection.value = ""; };
  }, [id]);
  const done = state ? `${state.cells?.ended}|${state.cells?.failed}|${state.cells?.playing}|${state.status}|${JSON.stringify(state.judgements || {})}` : "";
  useEffect(() => {
    if (!state) return;
    document.title = `${state.title || state.name} · PyScrAI`;
    experiments.cells(id).then(setCells, setProblem);
    experiments.results(id).then((found) => { setResults(found); setProblem(null); }, (error) => setResults({ missing: error }));
  }, [done]);
  useEffect(() => {
    if (tab === "board" && state?.cells.ended) experiments.narrowing(id).then((found) => setWidths(found.items.map((each) => /** @type {[number, number]} */ ([each.ended, each.half_width]))), () => {});
  }, [tab, done]);
  useEffect(() => { if (tab === "report") experiments.report(id).then(setReport, (error) => setReport(`> ${error.message}`)); }, [tab, done]);

  if (!state) return html`<${PageInWait} problem=${problem} />`;
  const ask = (action) => () => experiments.ask(id, action).then(setState, refuse);
  const arms = results?.design?.arms?.map((arm) => arm.name) || Object.keys(state.arms || {});
  const tabs = { contrasts: W.experiments.contrasts, board: W.experiments.board, judges: W.experiments.judges, report: W.report };
  return html`<main id="content" class="scroll"><div class="page">
    <div class="page-head experiment-head"><div><h1>${state.title || state.name}</h1><p>${state.question}</p></div><span class="space" />
      ${source.canSteer && state.cells.ended > 0 && html`<button onClick=${() => setExporting(true)}><${Icon} name="down" />${W.exporting.open}</button>`}
      ${source.canSteer && state.status === "planned" && !state.freeze_hash && html`<button onClick=${ask("freeze")}>${W.experiments.freeze}</button>`}
      ${source.canSteer && ["planned", "paused"].includes(state.status) && html`<button class="primary" onClick=${ask("run")}>${W.experiments.run}</button>`}
      ${source.canSteer && state.status === "running" && html`<button onClick=${ask("pause")}>${W.controls.pause}</button><button class="danger" onClick=${ask("cancel")}>${W.cancel}</button>`}</div>
    <dl class="tiles">
      <div><dt>${W.runsPage.columns.status}</dt><dd><span class=${`pill ${{ running: "running", paused: "paused", completed: "completed", cancelled: "failed" }[state.status] || ""}`}>${W.experiments.statuses[state.status]}</span><small>${state.reason}</small></dd></div>
      <div><dt>${W.experiments.cells}</dt><dd>${state.cells.ended} / ${state.planned}<small>${state.cells.failed ? W.experiments.failed(state.cells.failed) : ""}</small></dd></div>
      <div><dt>${W.experiments.halfWidth}</dt><dd>${rounded(state.half_width)}<small>${(state.stop || []).join(", ")}</small></dd></div>
      <div><dt>${W.runsPage.columns.cost}</dt><dd>${money(state.usd)}${state.budget_usd ? html`<small>${W.budget.of} ${money(state.budget_usd)}</small>` : html`<small>${compact(state.tokens)} tokens</small>`}</dd></div>
      <div><dt>${state.seconds_left !== null && state.seconds_left !== undefined ? W.experiments.left : W.experiments.took}</dt><dd>${duration((state.seconds_left ?? state.seconds) * 1000)}<small>${state.freeze_hash ? html`${W.experiments.frozen} <span class="mono">${state.freeze_hash.slice(0, 8)}</span>` : W.experiments.notFrozen}</small></dd></div></dl>
    <div class="tabs wide-tabs" role="tablist" aria-label=${W.panels.label}>${Object.entries(tabs).map(([key, words]) => html`<button key=${key} role="tab" aria-selected=${tab === key} onClick=${() => retain({ tab: key === "contrasts" ? "" : key })}>${words}</button>`)}</div>
    <${ProblemBox} problem=${problem || results?.missing} />
    ${tab === "board" && html`<section class="card"><${CellBoard} cells=${cells} arms=${arms} /><${Failures} cells=${cells} /></section>
      ${widths.length > 1 && html`<section class="card"><h2>${W.experiments.narrowing}</h2><${Lines} turns=${widths.map(([ended]) => ended)} series=${[{ label: W.experiments.halfWidth, values: widths.map(([, width]) => width) }]} turn=${widths[widths.length - 1][0]} label=${W.experiments.narrowing} /></section>`}`}
    ${tab === "contrasts" && results?.contrasts && html`<${Contrasts} id=${id} results=${results} chosen=${query.contrast || ""} />`}
    ${tab === "judges" && results && html`<section class="card"><${JudgesTable} id=${id} version=${done} agreement=${results.agreement || []} byJudge=${results.by_judge || []} /></section>`}
    ${tab === "report" && html`<section class="card report">${report === null ? html`<p class="hint">${W.loading}</p>` : html`<${Markdown} text=${report} />`}</section>`}
    ${exporting && html`<${ExportDialog} what=${{ experiment: id, judged: Object.keys(state.judgements || {}).length > 0 }} close=${() => setExporting(false)} />`}
  </div></main>`;
}

/** Each measure with its contrasts, the primary one first; a chosen contrast shows its pairs. */
function Contrasts({ id, results, chosen }) {
  const measures = [...new Set(results.contrasts.map((each) => each.measure))];
  return measures.map((measure) => {
    const rows = results.contrasts.filter((each) => each.measure === measure);
    const range = sharedRange(rows);
    const smallest = rows[0].standing === "primary" ? results.design?.smallest_effect : null;
    return html`<section key=${measure} class="card contrasts"><h2>${measure} <span class=${`tag ${rows[0].standing}`}>${W.experiments.standing[rows[0].standing] || rows[0].standing}</span></h2>
      ${rows.map((each) => {
        const key = `${measure}:${each.arm}:${each.reference}`;
        const open = chosen === key;
        return html`<div key=${key} class=${`contrast ${open ? "open" : ""}`}><button class="plain contrast-head" aria-expanded=${open} onClick=${() => retain({ contrast: open ? "" : key })}>
            <span class="names"><b>${each.arm}</b> − ${each.reference}</span>
            <span class="plot"><${ContrastPlot} contrast=${each} range=${range} smallest=${smallest} /></span>
            <span class="told"><b>${rounded(each.difference)}</b> <span>${rounded(each.low)} ${W.experiments.to} ${rounded(each.high)}</span><small>${each.n_pasts} ${W.experiments.pasts}, p = ${rounded(each.p_adjusted ?? each.p)}</small><em class=${each.finding === "inconclusive" ? "" : "found"}>${each.finding}${each.reliable === false ? html` <strong>${W.experiments.unreliable}</strong>` : ""}</em></span></button>
          ${open && html`<${PairTable} experiment=${id} contrast=${each} />`}</div>`;
      })}
      <h3>${W.experiments.means}</h3><${ArmMeans} arms=${results.arms.filter((each) => each.measure === measure)} /></section>`;
  });
}
