// All runs: filtered, searched, chosen and asked together; counts and rows follow what happens.

import { html, useEffect, useMemo, useRef, useState } from "../lib/html.js";
import { retain, route } from "../lib/router.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { connection } from "../components/connection.js";
import { Dialog } from "../components/dialog.js";
import { ExportDialog } from "../components/export_dialog.js";
import { Icon } from "../components/icons.js";
import { NewRunDialog } from "../components/new_run_dialog.js";
import { ProblemBox } from "../components/problem.js";
import { RunsTable } from "../components/runs_table.js";
import { SearchResults } from "../components/search_results.js";
import { refuse } from "../components/toasts.js";

const STATUSES = ["running", "waiting", "paused", "pending", "completed", "failed", "stopped"];
const PAGE = 50;
const LOOK = 5_000;

export function RunsPage() {
  const { query } = route.value;
  const [runs, setRuns] = useState(/** @type {any[] | null} */ (null));
  const [next, setNext] = useState(/** @type {string | null} */ (null));
  const [counts, setCounts] = useState({});
  const [templates, setTemplates] = useState([]);
  const [problem, setProblem] = useState(null);
  const [chosen, setChosen] = useState(/** @type {Set<string>} */ (new Set()));
  const [making, setMaking] = useState(Boolean(query.new));
  const [removing, setRemoving] = useState(false);
  const [exporting, setExporting] = useState(/** @type {import("../data/exports.js").Exported | null} */ (null));
  const search = useRef(/** @type {HTMLInputElement | null} */ (null));
  const filter = useMemo(() => ({ status: query.status, template: query.template, tag: query.tag }), [query.status, query.template, query.tag]);

  const latest = useRef(filter);
  latest.current = filter;

  const read = async (cursor) => {
    try {
      const [page, found] = await Promise.all([source.runs({ ...filter, cursor, limit: PAGE }), source.counts()]);
      if (latest.current !== filter) return;     // another filter was chosen while this was read
      setRuns((before) => (cursor ? [...(before || []), ...page.items] : page.next ? merged(before, page.items) : page.items));
      setNext(page.next);
      setCounts(found);
      setProblem(null);
    } catch (error) { setProblem(error); }
  };
  useEffect(() => { setRuns(null); setChosen(new Set()); read(); document.title = `${W.runsPage.title} · PyScrAI`; }, [filter]);
  useEffect(() => { source.templates?.("scenarios").then((found) => setTemplates(found.items), () => {}); }, []);
  useEffect(() => {
    let timer = 0;
    const stop = source.followAll({
      events: () => { if (!timer) timer = setTimeout(() => { timer = 0; read(); }, 700); },
      state: (state) => { connection.value = state; if (state === "live") read(); },
    });
    if (!source.canSteer) connection.value = "folder";
    // A run that was made and not started, or deleted, is no event.
    const look = setInterval(() => { if (!document.hidden) read(); }, LOOK);
    const keys = (event) => { if (event.key === "/" && !event.target.closest("input,textarea,dialog")) { event.preventDefault(); search.current?.focus(); } };
    addEventListener("keydown", keys);
    return () => { stop(); clearTimeout(timer); clearInterval(look); connection.value = ""; removeEventListener("keydown", keys); };
  }, [filter]);

  const askMany = async (action) => {
    try {
      const { refused } = await source.askMany([...chosen], action);
      if (refused.length) refuse({ message: refused[0].detail, cure: refused[0].cure }, W.runsPage.refusedSome(refused.length));
    } catch (error) { refuse(error); }
    read();
  };
  const removeAll = async () => {
    setRemoving(false);
    for (const id of chosen) await source.remove(id).catch(refuse);
    setChosen(new Set());
    setRuns(null);
    read();
  };
  const ids = [...chosen];

  return html`<main id="content" class="scroll"><div class="page">
    <div class="page-head"><h1>${W.runsPage.title}</h1><span class="space" />
      ${source.canSteer && html`<button class="primary" onClick=${() => setMaking(true)}><${Icon} name="plus" />${W.newRun.title}</button>`}</div>
    ${source.canSteer && html`<div class="filters">
      <label class="search"><span class="hidden">${W.runsPage.search}</span><${Icon} name="search" /><input ref=${search} type="search" placeholder=${W.runsPage.search} value=${query.q || ""} onInput=${(event) => retain({ q: event.target.value })} /></label>
      <select aria-label=${W.runsPage.template} value=${query.template || ""} onChange=${(event) => retain({ template: event.target.value })}><option value="">${W.runsPage.template}: ${W.runsPage.anyStatus}</option>${templates.map((each) => html`<option key=${each.name} value=${each.name}>${each.title || each.name}</option>`)}</select>
      <${TagFilter} key=${query.tag} tag=${query.tag || ""} />
    </div>
    <div class="counts" role="group" aria-label=${W.runsPage.filter}><button aria-pressed=${!query.status} onClick=${() => retain({ status: "" })}>${W.runsPage.anyStatus} <b>${Object.values(counts).reduce((sum, count) => sum + count, 0)}</b></button>
      ${STATUSES.filter((status) => counts[status] || query.status === status).map((status) => html`<button key=${status} aria-pressed=${query.status === status} onClick=${() => retain({ status: query.status === status ? "" : status })}>${W.status[status]} <b>${counts[status] || 0}</b></button>`)}</div>`}
    ${source.canSteer && query.tag && (runs?.length ?? 0) > 0 && html`<p class="row tag-export"><button onClick=${() => setExporting({ tag: query.tag })}><${Icon} name="down" />${W.exporting.ofTag(query.tag)}</button></p>`}
    <${ProblemBox} problem=${problem} />
    ${query.q ? html`<${SearchResults} words=${query.q} template=${query.template} />` : html`
      ${chosen.size > 0 && html`<div class="bulk" role="toolbar" aria-label=${W.runsPage.selected(chosen.size)}><b>${W.runsPage.selected(chosen.size)}</b>
        <button onClick=${() => askMany("pause")}>${W.runsPage.pause}</button><button onClick=${() => askMany("resume")}>${W.runsPage.resume}</button><button onClick=${() => setExporting({ runs: ids })}>${W.exporting.open}</button>
        ${ids.length === 2 && html`<a class="button" href=${`#/runs/${ids[0]}/futures?with=${ids[1]}`}>${W.runsPage.compare}</a>`}
        <span class="space" /><button class="danger" onClick=${() => setRemoving(true)}>${W.runsPage.remove}</button></div>`}
      <${RunsTable} runs=${runs} chosen=${source.canSteer ? chosen : null} choose=${setChosen} filtered=${Boolean(query.status || query.template || query.tag)} />
      ${next && html`<p class="row end"><button onClick=${() => read(next)}>${W.runsPage.more}</button></p>`}`}
    ${making && html`<${NewRunDialog} templates=${templates} chosen=${query.template} close=${() => { setMaking(false); retain({ new: "" }); }} />`}
    ${exporting && html`<${ExportDialog} what=${exporting} close=${() => setExporting(null)} />`}
    ${removing && html`<${Dialog} title=${W.runsPage.remove} close=${() => setRemoving(false)} footer=${html`<button onClick=${() => setRemoving(false)}>${W.cancel}</button><button class="primary" onClick=${removeAll}>${W.runsPage.remove}</button>`}><p>${W.runsPage.removeSure(chosen.size)}</p></${Dialog}>`}
  </div></main>`;
}

/** The tag that is filtered by. What is being typed is kept here: the page is drawn anew whenever its list is read. */
function TagFilter({ tag }) {
  const [typed, setTyped] = useState(tag);
  return html`<input class="tag-filter" aria-label=${W.runsPage.tag} placeholder=${W.runsPage.tag} value=${typed} onInput=${(event) => setTyped(event.target.value)} onChange=${(event) => retain({ tag: event.target.value.trim() })} />`;
}

/** The first page read anew, with the rows that were read below it. */
function merged(before, first) {
  if (!before || before.length <= first.length) return first;
  const known = new Set(first.map((run) => run.run_id));
  const last = first[first.length - 1];
  const below = before.findIndex((run) => run.run_id === last?.run_id);
  return [...first, ...before.slice(below + 1).filter((run) => !known.has(run.run_id))];
}
