// The phases of a scenario and the ways between them, laid out by dagre.

import { html } from "../lib/html.js";
import { titled } from "../lib/format.js";
import { W } from "../words.js";
import dagre from "../vendor/dagre.js";

/** The least scale at which titles can be read; a picture that is wider scrolls. */
export const READABLE = 0.72;

/** @param {{phases: any[], ways: any[], roles: Record<string, string>, lit?: string, choose?: (phase: string) => void}} props */
export function PhaseGraph({ phases, ways, roles, lit = "", choose }) {
  const layout = new dagre.graphlib.Graph({ multigraph: true });
  layout.setGraph({ rankdir: "TB", nodesep: 30, ranksep: 46, marginx: 16, marginy: 12 });
  layout.setDefaultEdgeLabel(() => ({}));
  const told = (phase) => phase.speakers.map((role) => (role === "all" ? W.person.everyone : roles[role] || titled(role))).join(", ");
  const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  for (const phase of phases) layout.setNode(phase.id, { width: Math.max(120, cut(phase.title, 30).length * 7.2 + 28, cut(told(phase), 34).length * 6.2 + 26), height: 50, phase });
  if (ways.some((way) => way.target === "end")) layout.setNode("end", { width: 54, height: 26 });
  ways.forEach((way, index) => {
    const label = cut(way.when, 30);
    if (way.source !== way.target) layout.setEdge(way.source, way.target, { width: label.length * 5.6, height: label ? 14 : 0, labelpos: "c", label }, String(index));
  });
  dagre.layout(layout);
  const { width = 100, height = 100 } = layout.graph();
  return html`<div class="graph-scroll" tabindex="0" role="region" aria-label=${W.scenarios.picture}><svg class="graph phases" role="img" aria-label=${W.scenarios.picture} viewBox=${`0 0 ${width} ${height}`} style=${{ minWidth: `${width * READABLE}px`, maxWidth: `${width}px` }}>
    <defs><marker id="way" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 .6 7.4 4 0 7.4z" /></marker></defs>
    <g class="edges">${layout.edges().map((edge) => { const { points } = layout.edge(edge); return html`<path key=${edge.name} d=${`M${points.map((point) => `${point.x},${point.y}`).join(" L")}`} marker-end="url(#way)" />`; })}</g>
    ${layout.edges().map((edge) => { const { x, y, label } = layout.edge(edge); return label ? html`<text key=${edge.name} class="when" x=${x} y=${y + 4}>${label}</text>` : null; })}
    ${layout.nodes().map((id) => {
      const { x, y, width: wide, height: high, phase } = layout.node(id);
      return html`<g key=${id} class=${`node ${phase ? "phase-node" : "end"} ${id === lit ? "lit" : ""}`} onClick=${() => choose?.(id)} transform=${`translate(${x - wide / 2},${y - high / 2})`}><rect width=${wide} height=${high} rx=${phase ? 9 : 13} />
        ${phase ? html`<text x=${wide / 2} y="21">${cut(phase.title, 30)}</text><text class="speakers" x=${wide / 2} y="38">${cut(told(phase), 34)}</text>` : html`<text x=${wide / 2} y="17">${W.scenarios.ends}</text>`}</g>`;
    })}</svg></div>`;
}
