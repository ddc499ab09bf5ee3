// What may be asked of a run. A control that does not fit says why; what was asked shows until the run does it.

import { html } from "../lib/html.js";
import { W } from "../words.js";
import { Icon } from "./icons.js";

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
  };
}

/** @param {{session: import("../data/run_session.js").RunSession}} props */
export function Controls({ session }) {
  const run = session.run.value;
  if (!run) return null;
  const able = fits(run);
  const asking = session.asking.value;
  const control = (action, icon, kind = "", act = () => session.ask(action)) => html`
    <button class=${kind} aria-disabled=${!able[action] || asking === action} title=${able[action] ? "" : W.controls.why[action]} onClick=${() => able[action] && act()}>
      <${Icon} name=${icon} /><span>${W.controls[action]}</span></button>`;
  const stop = () => { session.dialog.value = { name: "stop" }; };
  const main = able.start ? control("start", "play", "primary") : able.resume ? control("resume", "play", "primary") : control("pause", "pause");
  return html`<div class="controls" role="group" aria-label=${W.controls.label}>
    ${main}${control("step", "step")}${control("stop", "stop", "danger", stop)}
    <span class="divide" />
    ${control("inject", "inject", "", () => { session.dialog.value = { name: "inject" }; })}
  </div>`;
}

/** What a run does, and what is asked of it where that differs. @param {{run: any}} props */
export function StatusPill({ run }) {
  const done = {
    run: ["running", "completed", "failed", "waiting"], pause: ["paused"], stop: ["stopped"], cancel: ["stopped"], wait: ["waiting"], none: ["pending", "completed", "stopped", "failed", "paused"], step: ["paused", "completed"],
  };
  const asked = run.ended_at === null && !(done[run.desired] || []).includes(run.status) ? W.desired[run.desired] || run.desired : "";
  return html`<span class=${`pill ${run.status}`}><i class=${run.status === "running" ? "pulse" : ""} />${W.status[run.status]}${asked && html`<span class="asked"> · ${asked}</span>`}</span>`;
}
