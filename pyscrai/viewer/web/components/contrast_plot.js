// A contrast as an estimation plot: one dot for the difference of each past, the mean and its interval, zero marked.

import { html } from "../lib/html.js";
import { W } from "../words.js";

const WIDTH = 560;
const HEIGHT = 74;

export const rounded = (value) => (value === null || value === undefined ? "–" : Number(value.toPrecision(3)).toString().replace("-", "−"));

/** Even steps over a range that a person reads easily. */
function ticks(low, high) {
  const raw = (high - low) / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((each) => each * power >= raw) * power;
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step / 1e6; at += step) found.push(Number(at.toPrecision(12)));
  return found;
}

/** @param {{contrast: any, range: [number, number], smallest?: number | null}} props */
export function ContrastPlot({ contrast, range, smallest }) {
  const [low, high] = range;
  const x = (value) => 14 + ((value - low) / (high - low || 1)) * (WIDTH - 28);
  const differences = contrast.pairs.map((pair) => pair.difference).filter((value) => value !== null);
  const stacked = new Map();
  const label = `${contrast.arm} − ${contrast.reference}: ${rounded(contrast.difference)} (${rounded(contrast.low)} ${W.experiments.to} ${rounded(contrast.high)})`;
  return html`<svg class="estimate" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${label}>
    ${smallest ? html`<rect class="small" x=${x(-smallest)} width=${Math.max(0, x(smallest) - x(-smallest))} y="4" height="50" />` : ""}
    ${ticks(low, high).map((tick) => html`<g key=${tick}><line class=${tick === 0 ? "zero" : "tick"} x1=${x(tick)} x2=${x(tick)} y1="4" y2="54" /><text x=${x(tick)} y="69">${rounded(tick)}</text></g>`)}
    ${differences.map((value, index) => {
      const place = Math.round(x(value) / 6);
      const level = (stacked.get(place) || 0) + 1;
      stacked.set(place, level);
      return html`<circle key=${index} cx=${x(value)} cy=${46 - Math.min(level - 1, 5) * 7} r="3.2" />`;
    })}
    ${contrast.low !== null && contrast.low !== undefined && html`<line class="interval" x1=${x(Math.max(low, contrast.low))} x2=${x(Math.min(high, contrast.high))} y1="14" y2="14" />`}
    ${contrast.difference !== null && html`<rect class="mean" x=${x(contrast.difference) - 5} y="9" width="10" height="10" transform=${`rotate(45 ${x(contrast.difference)} 14)`} />`}
  </svg>`;
}

/** The range that the plots of one measure share. */
export function sharedRange(contrasts) {
  const values = contrasts.flatMap((each) => [0, each.low, each.high, ...each.pairs.map((pair) => pair.difference)]).filter((value) => typeof value === "number");
  const low = Math.min(...values);
  const high = Math.max(...values);
  const more = (high - low || 1) * 0.04;
  return /** @type {[number, number]} */ ([low - more, high + more]);
}
