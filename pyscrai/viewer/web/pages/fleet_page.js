// The fleet: which processes play, and what waits and plays of each experiment or caller.

import { html, useEffect, useState } from "../lib/html.js";
import { money, number } from "../lib/format.js";
import { request } from "../data/rest.js";
import { W } from "../words.js";
import { ProblemBox } from "../components/problem.js";

const LOOK = 3_000;

/** @param {{workers: any[]}} props */
function Workers({ workers }) {
  if (!workers.length) return html`<p class="empty">${W.fleet.nobody}</p>`;
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label=${W.fleet.workers}><table><thead><tr>${["worker", "kind", "playing", "capacity", "beat", "aliases", "labels", "version"].map((name) => html`<th key=${name} scope="col">${W.fleet.columns[name]}</th>`)}</tr></thead>
    <tbody>${workers.map((each) => html`<tr key=${each.id}><td class="mono">${each.id}</td><td>${W.fleet.kinds[each.kind] || each.kind}</td><td>${number(each.playing)}</td><td>${number(each.capacity)}</td><td>${W.fleet.beat(Math.round(each.beat_seconds))}</td><td>${each.aliases.join(", ")}</td><td>${each.labels.join(", ")}</td><td>${each.version}</td></tr>`)}</tbody></table></div>`;
}

/** @param {{shares: any[]}} props */
function Shares({ shares }) {
  if (!shares.length) return html`<p class="empty">${W.fleet.nothing}</p>`;
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label=${W.fleet.shares}><table><thead><tr>${["share", "waiting", "playing", "weight", "priority", "spent"].map((name) => html`<th key=${name} scope="col">${W.fleet.columns[name]}</th>`)}</tr></thead>
    <tbody>${shares.map((each) => html`<tr key=${each.share}><td>${each.share || "–"} ${each.held && html`<span class="tag">${W.fleet.held}</span>`}</td><td>${number(each.waiting)}</td><td>${number(each.playing)}</td><td>${each.weight}</td><td>${each.priority}</td><td>${each.budget_usd === null ? money(each.spent_usd) : W.fleet.of(money(each.spent_usd), money(each.budget_usd))}</td></tr>`)}</tbody></table></div>`;
}

export function FleetPage() {
  const [found, setFound] = useState(/** @type {any} */ (null));
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    const read = () => request("fleet").then((fleet) => { setFound(fleet); setProblem(null); }, setProblem);
    read();
    document.title = `${W.fleet.title} · PyScrAI`;
    const timer = setInterval(() => { if (!document.hidden) read(); }, LOOK);
    return () => clearInterval(timer);
  }, []);
  return html`<main id="content" class="scroll"><div class="page fleet"><div class="page-head"><h1>${W.fleet.title}</h1></div>
    <${ProblemBox} problem=${problem} />
    ${found === null ? !problem && html`<p class="empty">${W.loading}</p>` : html`
      <p>${W.fleet.summary(found.workers.length, found.shares.reduce((sum, each) => sum + each.playing, 0), found.capacity, found.shares.reduce((sum, each) => sum + each.waiting, 0))}</p>
      <h2>${W.fleet.workers}</h2><${Workers} workers=${found.workers} />
      <h2>${W.fleet.shares}</h2><${Shares} shares=${found.shares} />`}
  </div></main>`;
}
