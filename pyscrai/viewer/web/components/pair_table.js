// The pairs behind a contrast, the largest differences first: each leads to its two futures and to the cited lines.

import { html, useState } from "../lib/html.js";
import { link } from "../lib/router.js";
import { W } from "../words.js";
import { rounded } from "./contrast_plot.js";
import { RunEvidence } from "./run_evidence.js";

/** @param {{experiment: string, contrast: any}} props */
export function PairTable({ experiment, contrast }) {
  const [open, setOpen] = useState(/** @type {number | null} */ (null));
  const pairs = [...contrast.pairs].sort((a, b) => Math.abs(b.difference ?? 0) - Math.abs(a.difference ?? 0));
  return html`<table class="pairs"><thead><tr><th>${W.experiments.pastHead}</th><th class="number">${contrast.reference}</th><th class="number">${contrast.arm}</th><th class="number">${W.experiments.difference}</th><th><span class="hidden">${W.scenarios.open}</span></th></tr></thead>
    <tbody>${pairs.map((pair) => html`<tr key=${pair.past} class=${open === pair.past ? "chosen" : ""}><td>${pair.past}</td><td class="number">${rounded(pair.reference_value)}</td><td class="number">${rounded(pair.arm_value)}</td><td class="number"><b class=${pair.difference > 0 ? "up" : pair.difference < 0 ? "down" : ""}>${pair.difference > 0 ? "+" : ""}${rounded(pair.difference)}</b></td>
      <td><div class="row end"><a class="button" href=${link(["runs", pair.reference_runs[0], "futures"], { of: pair.reference_runs[0], with: pair.arm_runs[0] })}>${W.experiments.futures}</a><button aria-expanded=${open === pair.past} onClick=${() => setOpen(open === pair.past ? null : pair.past)}>${W.score.evidence}</button></div></td></tr>
      ${open === pair.past && html`<tr key=${`${pair.past}e`} class="pair-evidence"><td colspan="5"><div class="pair">${[["reference_runs", contrast.reference], ["arm_runs", contrast.arm]].map(([runs, arm]) => html`<div key=${arm}><h3>${arm}</h3>${pair[runs].map((run) => html`<${RunEvidence} key=${run} experiment=${experiment} run=${run} measure=${contrast.measure} />`)}</div>`)}</div></td></tr>`}`)}</tbody></table>`;
}
