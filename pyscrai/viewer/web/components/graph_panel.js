// Who can follow whom, and the phases, laid out by dagre, with what is at work lit. The same stands below as a list.

import { html, useEffect, useState } from "../lib/html.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { PhaseGraph, READABLE } from "./phase_graph.js";
import dagre from "../vendor/dagre.js";

const HEIGHT = 38;
const END = { __start__: "begins", __end__: "ends" };

/** From so many roles on the graph of the phases says more than that of who can follow whom. */
const MANY = 5;

/** @param {{session: import("../data/run_session.js").RunSession}} props */
export function GraphPanel({ session }) {
  const run = session.run.value;
  session.store.version.value;
  const [graph, setGraph] = useState(/** @type {any} */ (null));
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const [chosen, setChosen] = useState("");
  useEffect(() => { if (run) source.graph(run.template).then((found) => (found ? setGraph(found) : setProblem({ message: W.graph.none })), setProblem); }, [run?.template]);
  if (problem) return html`<p class="empty">${problem.message}</p>`;
  if (!graph || !run) return html`<p class="empty">${W.loading}</p>`;
  const phases = graph.phases || [];
  const shown = !phases.length ? "roles" : chosen || (run.cast.length >= MANY && phases.length > 1 ? "phases" : "roles");
  const names = Object.fromEntries(run.cast.map((member) => [member.role, member.name]));
  const kinds = { roles: W.graph.roles, phases: W.graph.phases };
  return html`<div class="panel-body"><div class="row"><h2>${shown === "roles" ? W.graph.title : W.graph.phasesTitle}</h2><span class="space" />
      ${phases.length > 0 && html`<div class="switch" role="group" aria-label=${W.graph.kind}>${Object.entries(kinds).map(([kind, words]) => html`<button key=${kind} aria-pressed=${shown === kind} onClick=${() => setChosen(kind)}>${words}</button>`)}</div>`}</div>
    ${shown === "roles" ? html`<${Roles} session=${session} graph=${graph} names=${names} />` : html`<${Phases} session=${session} graph=${graph} names=${names} />`}</div>`;
}

function Roles({ session, graph, names }) {
  const run = session.run.value;
  const lit = session.turn.value === null && run.status === "running" ? run.speakers : session.store.turns.get(session.shownTurn.value)?.roles || [];
  return html`<${Graph} graph=${graph} lit=${lit} hue=${session.hue} names=${names} choose=${(role) => session.roles().includes(role) && session.readAs(role)} label=${W.graph.title} />
    <details><summary>${W.graph.list}</summary><ul class="edges">${graph.edges.map((edge) => html`<li>${names[edge.source] || edge.source} → ${names[edge.target] || edge.target}</li>`)}</ul></details>`;
}

function Phases({ session, graph, names }) {
  const run = session.run.value;
  const { store } = session;
  const now = session.turn.value === null ? run.phase : store.phaseAt(session.turn.value);
  /** The first turn that is played in a phase: it was entered after the one before. */
  const begins = (phase) => { const entered = store.phases.find((each) => each.phase === phase); return entered && Math.min(entered.turn + 1, store.lastTurn); };
  const goTo = (phase) => { const turn = begins(phase); if (turn !== undefined) session.lookAt(turn); };
  const title = (id) => graph.phases.find((each) => each.id === id)?.title || W.scenarios.ends;
  return html`<${PhaseGraph} phases=${graph.phases} ways=${graph.ways} roles=${names} lit=${now} choose=${goTo} />
    <details><summary>${W.graph.list}</summary><ul class="edges">${graph.phases.map((phase) => html`<li key=${phase.id}>${begins(phase.id) === undefined ? phase.title : html`<button class="plain" onClick=${() => goTo(phase.id)}>${phase.title} <small>${W.turn(begins(phase.id))}</small></button>`}
      ${graph.ways.filter((way) => way.source === phase.id).map((way) => html`<div>→ ${title(way.target)} <small>${way.when}</small></div>`)}</li>`)}</ul></details>`;
}

/**
 * A graph as a picture.
 * @param {{graph: {nodes: any[], edges: {source: string, target: string}[]}, lit?: string[], hue: (role: string) => string, names?: Record<string, string>, choose?: (role: string) => void, label: string}} props
 */
export function Graph({ graph, lit = [], hue, names = {}, choose, label }) {
  const layout = new dagre.graphlib.Graph({ multigraph: false });
  layout.setGraph({ rankdir: "TB", nodesep: 18, ranksep: 34, marginx: 26, marginy: 10, acyclicer: "greedy" });
  layout.setDefaultEdgeLabel(() => ({}));
  const told = (node) => shortened(names[node.id] || END[node.id] || node.name || node.id);
  for (const node of graph.nodes) layout.setNode(node.id, { width: node.engine ? Math.max(64, told(node).length * 7.4 + 26) : 58, height: node.engine ? HEIGHT : 26, node });
  for (const edge of graph.edges) if (edge.source !== edge.target) layout.setEdge(edge.source, edge.target);
  dagre.layout(layout);
  const { width = 100, height = 100 } = layout.graph();
  const loops = graph.edges.filter((edge) => edge.source === edge.target);
  return html`<div class="graph-scroll" tabindex="0" role="region" aria-label=${label}><svg class="graph" role="img" aria-label=${label} viewBox=${`0 0 ${width} ${height}`} style=${{ minWidth: `${width * READABLE}px`, maxWidth: `${width}px` }}>
    <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 .6 7.4 4 0 7.4z" /></marker></defs>
    <g class="edges">${layout.edges().map((edge) => html`<path key=${`${edge.v}>${edge.w}`} class=${lit.includes(edge.v) ? "lit" : ""} d=${curve(layout.edge(edge).points)} marker-end="url(#arrow)" />`)}
      ${loops.map((edge) => { const at = layout.node(edge.source); const x = at.x + at.width / 2; return html`<path d=${`M${x},${at.y - 7} c18,-12 18,26 1,14`} marker-end="url(#arrow)" />`; })}</g>
    ${layout.nodes().map((id) => {
      const { x, y, width: wide, height: high, node } = layout.node(id);
      return html`<g key=${id} class=${`node ${node.engine ? hue(id) : "end"} ${node.engine || ""} ${lit.includes(id) ? "lit" : ""}`} transform=${`translate(${x - wide / 2},${y - high / 2})`} onClick=${() => choose?.(id)}>
        <rect width=${wide} height=${high} rx=${node.engine ? 9 : 13} /><text x=${wide / 2} y=${high / 2 + 4.2}>${told(node)}</text></g>`;
    })}
  </svg></div>`;
}

const shortened = (name) => (name.length > 24 ? `${name.slice(0, 23)}…` : name);

function curve(points) {
  const [first, ...rest] = points;
  let path = `M${first.x},${first.y}`;
  for (let at = 0; at < rest.length - 1; at += 1) {
    const here = rest[at];
    const next = rest[at + 1];
    const end = at === rest.length - 2 ? next : { x: (here.x + next.x) / 2, y: (here.y + next.y) / 2 };
    path += ` Q${here.x},${here.y} ${end.x},${end.y}`;
  }
  if (rest.length === 1) path += ` L${rest[0].x},${rest[0].y}`;
  return path;
}
