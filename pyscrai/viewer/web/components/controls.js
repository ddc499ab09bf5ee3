// What may be asked of a run. A control that does not fit says why; what was asked shows until the run does it.

import { html } from "../lib/html.js";
import { go } from "../lib/router.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { sameAgain } from "./about_panel.js";
import { Icon } from "./icons.js";
import { refuse } from "./toasts.js";

const STANDS = ["paused", "failed"];

/** What fits a run's status, as the server decides it; the server's word is the last one. */
export function fits(run) {
  const { status, desired } = run;
  const open = !["completed", "stopped", "failed"].includes(status);
  return {
    start: status === "pending" && desired === "none",
    pause: ["running", "waiting"].includes(status) || (status === "pending" && desired === "run"),
    resume: STANDS.includes(status),
    step: status === "paused" || (status === "pending" && desired === "none"),
    stop: open || status === "failed",
    inject: open,
    budget: ["paused", "waiting"].includes(status) || (status === "pending" && desired === "none"),
  };
}

/** @param {{session: import("../data/run_session.js").RunSession}} props */
export function Controls({ session }) {
  const run = session.run.value;
  if (!run) return null;
  const able = fits(run);
  const asking = session.asking.value;
  const control = (action, icon, kind = "", act = /** @type {() => any} */ (() => session.ask(action))) => html`
    <button class=${kind} aria-label=${W.controls[action]} aria-disabled=${!able[action] || asking === action} title=${able[action] ? "" : W.controls.why[action]} onClick=${() => able[action] && act()}>
      <${Icon} name=${icon} /><span>${W.controls[action]}</span></button>`;
  const stop = () => { session.dialog.value = { name: "stop" }; };
  if (["completed", "stopped"].includes(run.status)) {
    return html`<div class="controls" role="group" aria-label=${W.controls.label}>
      <button onClick=${() => { session.dialog.value = { name: "fork", event: session.store.events.find((each) => each.seq === session.line.value) || lastSaid(session.store) }; }}><${Icon} name="fork" />${W.controls.fork}</button>
      <button class="primary" onClick=${() => source.create(sameAgain(run)).then((made) => go(["runs", made.run_id]), refuse)}><${Icon} name="play" />${W.about.again}</button></div>`;
  }
  const main = able.start ? control("start", "play", "primary") : able.resume ? control("resume", "play", "primary") : control("pause", "pause");
  return html`<div class="controls" role="group" aria-label=${W.controls.label}>
    ${main}${control("step", "step")}${control("stop", "stop", "danger", stop)}
    <span class="divide" />
    ${control("inject", "inject", "", () => { session.dialog.value = { name: "inject" }; })}
  </div>`;
}

/** The last line that someone said: where a fork begins if nothing is chosen. */
const lastSaid = (store) => store.events.findLast((event) => event.kind === "utterance") || store.events[0];

/** What a run does, and what is asked of it where that differs. @param {{run: any}} props */
export function StatusPill({ run }) {
  const done = {
    run: ["running", "completed", "failed", "waiting"], pause: ["paused"], stop: ["stopped"], cancel: ["stopped"], wait: ["waiting"], none: ["pending", "completed", "stopped", "failed", "paused"], step: ["paused", "completed"],
  };
  const asked = run.ended_at === null && !(done[run.desired] || []).includes(run.status) ? W.desired[run.desired] || run.desired : "";
  return html`<span class=${`pill ${run.status}`}><i class=${run.status === "running" ? "pulse" : ""} />${W.status[run.status]}${asked && html`<span class="asked"> · ${asked}</span>`}</span>`;
}
