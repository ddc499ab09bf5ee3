// What a run's score rests on: who gave it, why, and the lines that were cited, each a link to its place.

import { html, useEffect, useState } from "../lib/html.js";
import { link } from "../lib/router.js";
import { experiments } from "../data/experiment_source.js";
import { W } from "../words.js";
import { ProblemBox } from "./problem.js";

/** @param {{experiment: string, run: string, measure: string}} props */
export function RunEvidence({ experiment, run, measure }) {
  const [scores, setScores] = useState(/** @type {any[] | null} */ (null));
  const [problem, setProblem] = useState(null);
  useEffect(() => { experiments.evidence(experiment, run).then(setScores, setProblem); }, [run]);
  if (problem) return html`<${ProblemBox} problem=${problem} />`;
  if (!scores) return html`<p class="hint">${W.loading}</p>`;
  const fitting = scores.filter((score) => score.measure === measure);
  return html`<section class="run-evidence"><a class="mono" href=${link(["runs", run])}>${run}</a>
    ${fitting.length === 0 && html`<p class="hint">${W.experiments.computed}</p>`}
    ${fitting.map((score) => html`<div key=${score.by} class="cited"><p><b>${score.value ?? W.score.noValue}</b> <small>${score.by}</small></p><p class="rationale">${score.rationale}</p>
      ${score.lines.map((line) => html`<a key=${line.key} class="cited-line" href=${link(["runs", run], { key: line.key })}><small>${W.turn(line.turn)} · ${line.who}</small><span>${line.text}</span></a>`)}</div>`)}
  </section>`;
}
