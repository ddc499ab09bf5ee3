// The runs that share a past as lines over the turns: each leaves its parent where it was forked.

import { html } from "../lib/html.js";
import { link } from "../lib/router.js";
import { W } from "../words.js";
import { StatusPill } from "./controls.js";

const HEIGHT = 38;
const WIDTH = 400;

/** @param {{rows: {run: any, depth: number}[], left: string, right: string, pick: (side: "left" | "right", id: string) => void}} props */
export function BranchTree({ rows, left, right, pick }) {
  const most = Math.max(1, ...rows.map(({ run }) => run.turn));
  const x = (turn) => 10 + (turn / most) * (WIDTH - 20);
  const place = new Map(rows.map(({ run }, index) => [run.run_id, index]));
  const y = (index) => index * HEIGHT + HEIGHT / 2;
  const side = (id) => (id === left ? "a" : id === right ? "b" : "");
  return html`<table class="tree"><tbody>${rows.map(({ run, depth }, index) => html`<tr key=${run.run_id}>
    ${index === 0 && html`<td class="lines" rowspan=${rows.length}><svg viewBox=${`0 0 ${WIDTH} ${rows.length * HEIGHT}`} preserveAspectRatio="none" aria-hidden="true" style=${{ height: `${rows.length * HEIGHT}px` }}>
      ${[...rows].sort((a, b) => Number(Boolean(side(a.run.run_id))) - Number(Boolean(side(b.run.run_id)))).map(({ run: each }) => {
        const at = place.get(each.run_id);
        const parent = place.get(each.parent_run_id);
        const from = parent === undefined ? 0 : each.fork_turn;
        const start = parent === undefined ? `M${x(0)},${y(at)}` : `M${x(from)},${y(parent)} C${x(from)},${y(at) - 6} ${x(from) + 4},${y(at)} ${x(from) + 14},${y(at)}`;
        return html`<path key=${each.run_id} class=${`branch ${side(each.run_id)}`} vector-effect="non-scaling-stroke" d=${`${start} L${Math.max(x(each.turn), x(from) + 14)},${y(at)}`} />`;
      })}</svg></td>`}
    <td><button class="pick a" aria-pressed=${run.run_id === left} aria-label=${`A: ${run.name} ${run.run_id}`} onClick=${() => pick("left", run.run_id)}>A</button> <button class="pick b" aria-pressed=${run.run_id === right} aria-label=${`B: ${run.name} ${run.run_id}`} onClick=${() => pick("right", run.run_id)}>B</button></td>
    <td style=${{ paddingLeft: `${10 + depth * 14}px` }}><a href=${link(["runs", run.run_id])}>${run.name}</a> <small>${run.parent_run_id ? `${W.turn(run.fork_turn)} · ` : ""}${W.about.seed} ${run.seed}</small></td>
    <td><${StatusPill} run=${run} /></td></tr>`)}</tbody></table>`;
}
