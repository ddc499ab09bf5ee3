// All experiments: what each asks, how far it is, and whether it is complete.

import { html, useEffect, useState } from "../lib/html.js";
import { ago, money } from "../lib/format.js";
import { link } from "../lib/router.js";
import { experiments } from "../data/experiment_source.js";
import { W } from "../words.js";
import { NothingYet } from "../components/nothing_yet.js";
import { ProblemBox } from "../components/problem.js";

const LOOK = 3_000;

/** How many cells are in which state, as one bar. @param {{cells: Record<string, number>}} props */
export function CellBar({ cells }) {
  const all = Object.values(cells).reduce((sum, count) => sum + count, 0) || 1;
  return html`<span class="cell-bar" role="img" aria-label=${Object.entries(cells).filter(([, count]) => count).map(([state, count]) => `${W.experiments.states[state]}: ${count}`).join(", ")}>${["ended", "playing", "failed", "excluded"].map((state) => html`<i key=${state} class=${state} style=${{ width: `${((cells[state] || 0) / all) * 100}%` }} />`)}</span>`;
}

export function ExperimentsPage() {
  const [found, setFound] = useState(/** @type {any[] | null} */ (null));
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    const read = () => experiments.list({ limit: 200 }).then((page) => { setFound(page.items); setProblem(null); }, setProblem);
    read();
    document.title = `${W.experiments.title} · PyScrAI`;
    const timer = setInterval(() => { if (!document.hidden) read(); }, LOOK);
    return () => clearInterval(timer);
  }, []);
  return html`<main id="content" class="scroll"><div class="page"><div class="page-head"><h1>${W.experiments.title}</h1></div>
    <${ProblemBox} problem=${problem} />
    ${found === null ? !problem && html`<p class="empty">${W.loading}</p>` : found.length === 0 ? html`<${NothingYet} title=${W.experiments.none} text=${W.experiments.noneHint} />` : html`<ul class="experiment-list">${found.map((each) => html`<li key=${each.experiment_id} class="card">
      <div class="row"><h2><a href=${link(["experiments", each.experiment_id])}>${each.title || each.name}</a></h2><span class=${`pill ${{ running: "running", paused: "paused", completed: "completed", cancelled: "failed" }[each.status] || ""}`}>${W.experiments.statuses[each.status]}</span>${each.pilot && html`<span class="tag">${W.experiments.pilot}</span>`}</div>
      <p>${each.question}</p>${each.cells && html`<${CellBar} cells=${each.cells} />`}
      <small class="mono">${each.name}@${each.version}</small> <small>${each.scenario} · ${each.usd !== undefined ? `${money(each.usd)} · ` : ""}${ago(each.updated_at || each.created_at)}</small></li>`)}</ul>`}
  </div></main>`;
}
