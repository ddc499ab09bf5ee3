// The means of all arms with their intervals on one axis.

import { html } from "../lib/html.js";
import { W } from "../words.js";
import { rounded } from "./contrast_plot.js";

/** @param {{arms: any[]}} props the rows of one measure */
export function ArmMeans({ arms }) {
  const values = arms.flatMap((arm) => [arm.low, arm.high, arm.mean]).filter((value) => typeof value === "number");
  const low = Math.min(...values);
  const high = Math.max(...values);
  const place = (value) => `${((value - low) / (high - low || 1)) * 100}%`;
  return html`<table class="arm-means"><tbody>${arms.map((arm) => html`<tr key=${arm.arm}><th scope="row">${arm.arm}</th>
    <td class="axis" aria-hidden="true"><div>${arm.low !== null && html`<i class="interval" style=${{ left: place(arm.low), width: `calc(${place(arm.high)} - ${place(arm.low)})` }} />`}${arm.mean !== null && html`<b style=${{ left: place(arm.mean) }} />`}</div></td>
    <td class="number"><b>${rounded(arm.mean)}</b> <small>${rounded(arm.low)} ${W.experiments.to} ${rounded(arm.high)}</small></td><td class="number"><small>n = ${arm.n_pasts}</small></td></tr>`)}</tbody></table>`;
}
