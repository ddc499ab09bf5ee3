// The keyboard of the run page.

import { fits } from "./controls.js";
import { copyLink } from "./line_actions.js";
import { PANEL_NAMES } from "./panels.js";
import { source } from "../data/source.js";

/** Whether a key belongs to what has the focus: a field, a button, an open dialog. */
export const isTyping = (event) => event.ctrlKey || event.metaKey || event.altKey || Boolean(event.target.closest?.("input,textarea,select,dialog,[contenteditable]"));

/** @param {import("../data/run_session.js").RunSession} session */
export function runKeys(session) {
  const { store } = session;
  const chosen = () => store.events.find((event) => event.seq === session.line.peek());
  const move = (step) => {
    const lines = store.blocks.filter((block) => ["speech", "action", "inject"].includes(block.entries[0].tone)).map((block) => block.key);
    const now = session.line.peek();
    const at = now === null ? (step > 0 ? -1 : lines.length) : lines.findIndex((seq) => seq >= now);
    session.choose(lines[Math.max(0, Math.min(lines.length - 1, at + step))]);
  };
  const scrub = (step) => session.lookAt((session.turn.peek() ?? session.lastTurn()) + step);
  const able = () => { const run = session.run.peek(); return run ? fits(run) : /** @type {Partial<ReturnType<typeof fits>>} */ ({}); };
  const keys = {
    j: () => move(1), k: () => move(-1), "[": () => scrub(-1), "]": () => scrub(1), Home: () => session.lookAt(0), End: () => session.lookAt(null),
    l: () => { const roles = ["", ...session.roles()]; session.readAs(roles[(roles.indexOf(session.lens.peek()) + 1) % roles.length]); },
    c: () => session.show("call"),
    y: () => { if (chosen()) copyLink(session.id, session.line.peek()); },
    Escape: () => { session.readAs(""); session.choose(null); session.lookAt(null); },
  };
  PANEL_NAMES.forEach((name, index) => { keys[String(index + 1)] = () => session.show(name); });
  const steering = {
    f: () => { if (chosen()) session.dialog.value = { name: "fork", event: chosen() }; },
    n: () => { if (chosen()) session.dialog.value = { name: "note", event: chosen() }; },
    x: () => { session.dialog.value = { name: "export" }; },
    i: () => { if (able().inject) session.dialog.value = { name: "inject" }; },
    s: () => { if (able().step) session.ask("step"); },
    " ": () => { const now = able(); const action = ["pause", "resume", "start"].find((each) => now[each]); if (action) session.ask(action); },
  };
  return (event) => {
    if (isTyping(event)) return;
    if (event.key === " " && event.target.closest?.("button,a,summary,[role=tab],[role=slider]")) return;
    const act = keys[event.key] || (source.canSteer && steering[event.key]);
    if (!act) return;
    event.preventDefault();
    act();
  };
}
