// Numbers over turns, drawn by uPlot; a click goes to the turn, the turn that is looked at is marked.

import { html, useEffect, useRef } from "../lib/html.js";
import { titled } from "../lib/format.js";
import { W } from "../words.js";
import uPlot from "../vendor/uplot.js";

const HUES = ["--chart-0", "--chart-1", "--chart-2", "--chart-3", "--chart-4"];

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Colours of the theme that is in effect, since a canvas knows no CSS. */
function hues() {
  const probe = document.createElement("i");
  document.body.append(probe);
  const found = {};
  for (const name of [...HUES, "--line", "--soft", "--accent"]) {
    probe.style.color = `var(${name})`;
    found[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return found;
}

/**
 * @param {{turns: number[], series: {label: string, values: (number | null)[]}[], turn: number, choose?: (turn: number) => void, height?: number, label: string}} props
 */
export function Lines({ turns, series, turn, choose, height = 150, label }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const plot = useRef(/** @type {any} */ (null));
  const mark = useRef(turn);
  mark.current = turn;
  const shape = series.map((each) => each.label).join("|");

  useEffect(() => {
    const found = hues();
    const font = `11px ${color("--sans") || "sans-serif"}`;
    const axis = { stroke: found["--soft"], grid: { stroke: found["--line"], width: 1 }, ticks: { show: false }, font };
    const width = box.current.clientWidth || 300;
    const chart = new uPlot({
      width, height, padding: [10, 12, 0, 0], legend: { show: false }, cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: { x: { time: false } },
      axes: [{ ...axis, size: 24, space: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] }, { ...axis, size: 38, space: 28 }],
      series: [{}, ...series.map((each, index) => ({ label: each.label, stroke: found[HUES[index % 5]], width: 2, paths: uPlot.paths.stepped({ align: 1 }), points: { show: false }, dash: index > 4 ? [5, 3] : undefined }))],
      hooks: {
        draw: [(self) => {
          const x = self.valToPos(mark.current, "x", true);
          const { ctx, bbox } = self;
          ctx.save();
          ctx.strokeStyle = found["--accent"];
          ctx.lineWidth = 1.5 * devicePixelRatio;
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
          ctx.restore();
        }],
      },
    }, [turns, ...series.map((each) => each.values)], box.current);
    plot.current = chart;
    const click = () => { const at = chart.cursor.idx; if (at !== null && at !== undefined) choose?.(chart.data[0][at]); };
    chart.over.addEventListener("click", click);
    const watch = new ResizeObserver(() => { if (box.current?.clientWidth) chart.setSize({ width: box.current.clientWidth, height }); });
    watch.observe(box.current);
    return () => { watch.disconnect(); chart.destroy(); };
  }, [shape, document.documentElement.dataset.theme]);

  useEffect(() => { plot.current?.setData([turns, ...series.map((each) => each.values)]); }, [turns.length, turns[turns.length - 1], shape, series]);
  useEffect(() => { plot.current?.redraw(false); }, [turn]);

  return html`<figure class="chart"><div ref=${box} role="img" aria-label=${label} />
    <figcaption>${series.map((each, index) => html`<span key=${each.label}><i class=${`key-${index % 5}`} />${each.label} <b>${told(each.values[Math.min(turn, each.values.length - 1)])}</b></span>`)}</figcaption></figure>`;
}

const told = (value) => (typeof value === "number" ? Number(value.toPrecision(4)).toString() : value ?? "–");

/** A run's variables over its turns. @param {{session: import("../data/run_session.js").RunSession, names: string[]}} props */
export function Chart({ session, names }) {
  const { store } = session;
  const turns = Array.from({ length: store.lastTurn + 1 }, (_, turn) => turn);
  const series = names.map((name) => ({ label: titled(name), values: overTurns(store, name, session.run.value.variables[name]) }));
  return html`<${Lines} turns=${turns} series=${series} turn=${session.shownTurn.value} choose=${(turn) => session.lookAt(turn)} label=${`${W.state.over}: ${names.map(titled).join(", ")}`} />`;
}

/** The value of a variable after each turn. */
export function overTurns(store, name, now) {
  const changes = store.changes[name] || [];
  const values = [];
  let at = 0;
  let value = changes.length ? changes[0].old : now;
  for (let turn = 0; turn <= store.lastTurn; turn += 1) {
    for (; at < changes.length && changes[at].turn <= turn; at += 1) value = changes[at].new;
    values.push(value);
  }
  return values;
}
