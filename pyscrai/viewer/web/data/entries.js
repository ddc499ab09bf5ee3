// Events as a person reads them, the same as pyscrai/exports/transcript.py tells them.

import { money, plain, titled } from "../lib/format.js";
import { W } from "../words.js";

/**
 * One block of a transcript. `folds` says which neighbours it is joined with.
 * @typedef {Object} Entry
 * @property {string} tone speech, action, inject, heading, premise, change, score, analysis, report, note, warning, status
 * @property {string} text
 * @property {string} [tag]
 * @property {string} [who]
 * @property {"changes" | "machinery" | "scores"} [folds]
 * @property {any} event
 */

/** @type {Record<string, (event: any, name: (role: string) => string) => Omit<Entry, "event"> | null>} */
const READERS = {
  run_started: ({ payload }) => ({ tone: "premise", text: payload.premise }),
  phase_entered: ({ payload, phase }) => ({ tone: "heading", text: payload.text || "", tag: payload.cause || "", who: phase }),
  utterance: ({ payload }) => ({ tone: "speech", text: payload.text, who: payload.name, tag: playedBy(payload.played_by) }),
  action: ({ payload }) => ({ tone: "action", text: "", tag: payload.action }),
  inject: ({ payload }) => ({ tone: "inject", text: payload.text, tag: payload.label }),
  tool_called: ({ payload }) => ({ tone: "action", text: payload.error || payload.text || "", tag: payload.tool }),
  tool_refused: ({ payload }) => ({ tone: "action", text: W.toolRefused(payload.person, payload.reason), tag: payload.tool }),
  variable_changed: ({ payload }) => ({ tone: "change", text: "", tag: payload.variable, folds: "changes" }),
  change_refused: ({ payload }) => ({ tone: "refused", text: payload.reason, tag: payload.variable, folds: "changes" }),
  assessment: ({ payload }) => ({ tone: "analysis", text: payload.summary }),
  verdict: ({ payload }) => ({ tone: "score", text: payload.rationale, folds: "scores" }),
  measurement: ({ payload }) => ({ tone: "score", text: payload.rationale, folds: "scores" }),
  report: ({ payload }) => ({ tone: "report", text: payload.markdown }),

  speaker_chosen: ({ payload }, name) => note(W.isNext(name(payload.chosen), payload.reason)),
  memory_summarized: ({ payload, source }, name) => note(W.remembers(name(source), payload.summary)),
  reflection: ({ payload, source }, name) => note(W.concludes(name(source), payload.insights.join("; "))),
  control: ({ payload }, name) => {
    const { action, actor, arguments: given = {} } = payload;
    if (W.decided[action]) return decided(W.decided[action](actor, name(given.role)), action, given, name);
    if (action === "budget") return note(W.budgetSet(actor, given.budget_usd === null ? "" : money(given.budget_usd)));
    return note(W.asks(actor, action, given.reason));
  },
  run_resumed: ({ payload }) => note(payload.reason || W.resumed),
  flow_warning: ({ payload }) => warning(payload.message),
  model_retried: ({ payload, source }, name) => warning(W.retried(name(source), payload)),
  model_fell_back: ({ payload, source }, name) => warning(W.fellBack(name(source), payload)),
  reply_repaired: ({ payload, source }, name) => warning(W.repaired(name(source), payload.problem)),
  result_missing: ({ payload }) => warning(W.missing(payload.task, payload.error?.message)),
  not_applied: ({ payload }) => warning(W.notApplied(payload.actor, payload.action, payload.reason)),
  turn_skipped: ({ payload, source }, name) => warning(W.skipped(name(source), payload.error?.message)),

  role_taken: ({ payload }, name) => ({ tone: "status", text: W.taken(payload.person, name(payload.role)) }),
  role_released: ({ payload }, name) => ({ tone: "status", text: W.released(name(payload.role)) }),
  run_paused: ({ payload }) => ({ tone: "status", tag: W.status.paused, text: payload.reason }),
  run_stopped: ({ payload }) => ({ tone: "status", tag: W.status.stopped, text: payload.reason }),
  run_waiting: ({ payload }, name) => ({ tone: "status", tag: W.status.waiting, text: payload.request?.task === "approve" ? W.waitsForDecision(name(payload.role)) : W.waitsFor(name(payload.role)) }),
  run_completed: ({ payload }) => ({ tone: "end", tag: W.status.completed, text: outcomeText(payload.outcome) }),
  run_failed: ({ payload }) => ({ tone: "end", tag: W.status.failed, text: payload.error?.message || "" }),
  run_forked: ({ payload }) => ({ tone: "fork", text: "", tag: payload.parent }),
};

const EDITED = /^(?:model|program), edited by /;

/** Who spoke, where it was not a model alone. */
const playedBy = (who) => (!who || who === "model" ? "" : EDITED.test(who) ? W.editedBy(who.replace(EDITED, "")) : W.playedBy(who));

const note = (text) => ({ tone: "note", text, folds: /** @type {const} */ ("machinery") });
const warning = (text) => ({ tone: "warning", text, folds: /** @type {const} */ ("machinery") });

/**
 * What a person made of a model's proposal; what was not heard is told, for operators alone read it.
 * @param {string} text @param {string} action @param {any} given @param {(role: string) => string} name
 */
function decided(text, action, { proposal = {}, reason }, name) {
  if (action === "accept") return note(text);
  if (proposal.next) return { tone: "status", text: W.proposed(W.isNext(name(proposal.next), ""), reason), tag: text };
  if (proposal.tool) return { tone: "status", text: W.proposed(W.usesTool(titled(proposal.tool), plain(proposal.arguments)), reason), tag: text };
  const moves = Object.keys(proposal.actions || {}).map(titled).join(", ");
  return { tone: "status", text: W.proposed([proposal.text, moves].filter(Boolean).join(" · "), reason), tag: text };
}

/** How a run came to its end: which end fired and why. */
export function outcomeText(outcome) {
  if (!outcome) return "";
  const label = titled(outcome.label || outcome.end || "");
  return label && outcome.reason ? `${label}: ${outcome.reason}` : label || outcome.reason || "";
}

/**
 * What an event is in the transcript; null where it says nothing to a reader.
 * @param {any} event
 * @param {(role: string) => string} name
 * @returns {Entry | null}
 */
export function entryOf(event, name) {
  const reader = READERS[event.kind];
  const found = reader ? reader(event, name) : null;
  return found ? { ...found, event } : null;
}
