// One run as its events tell it: blocks of the transcript, turns, phases, variables, scores. Grows with the stream.

import { signal } from "../lib/html.js";
import { entryOf } from "./entries.js";

/**
 * A block of the transcript: one entry, or several that are folded together.
 * @typedef {{key: number, turn: number, entries: import("./entries.js").Entry[], folds?: string}} Block
 */

const ENDED = new Set(["run_completed", "run_failed", "run_stopped"]);

export class RunStore {
  constructor() {
    /** Changes with every batch of events; what draws the run reads it. */
    this.version = signal(0);
    /** Speech that streams in now: role to its turn and text so far. Taken back when a try is rejected. */
    this.drafts = signal({});
    /** @type {any[]} */
    this.events = [];
    /** @type {Block[]} */
    this.blocks = [];
    this.byKey = new Map();
    this.blockOfSeq = new Map();
    /** Role to the name it goes by. */
    this.names = {};
    /** @type {{turn: number, phase: string, block: number}[]} */
    this.phases = [];
    /** @type {Map<number, {roles: string[], block: number, injects: number}>} */
    this.turns = new Map();
    /** Variable to its changes: after which turn, to what, by which event. */
    this.changes = {};
    this.measurements = [];
    this.report = "";
    this.lastTurn = 0;
    this.lastId = 0;
    this.ended = false;
    this.started = null;
    this.fork = null;
  }

  name = (role) => this.names[role] || role || "";

  /** Take a batch of events as the stream brings them. */
  add(batch) {
    let drafts = null;
    let grown = false;
    for (const event of batch) {
      if (event.kind === "token") {
        drafts = drafts || { ...this.drafts.peek() };
        const before = drafts[event.role];
        if (!event.text) delete drafts[event.role];
        else drafts[event.role] = before && before.turn === event.turn
          ? { turn: event.turn, text: before.text + event.text } : { turn: event.turn, text: event.text };
        continue;
      }
      grown = true;
      if (event.source && this.drafts.peek()[event.source]) {
        drafts = drafts || { ...this.drafts.peek() };
        delete drafts[event.source];
      }
      this.take(event);
    }
    if (drafts) this.drafts.value = drafts;
    if (grown) this.version.value += 1;
  }

  /** Forget speech that was streaming in: the connection is gone. */
  dropDrafts() {
    this.drafts.value = {};
  }

  take(event) {
    this.events.push(event);
    this.byKey.set(event.key, event);
    this.lastId = Math.max(this.lastId, event.id);
    this.lastTurn = Math.max(this.lastTurn, event.turn);
    this.ended = ENDED.has(event.kind);
    const { kind, payload } = event;
    if (kind === "run_started") {
      this.names = { ...payload.roles, ...this.names };
      this.started = event;
    } else if (kind === "variable_changed") {
      (this.changes[payload.variable] ||= []).push({ turn: event.turn, old: payload.old, new: payload.new, seq: event.seq, cause: payload.cause });
    } else if (kind === "measurement" || kind === "verdict") this.measurements.push(event);
    else if (kind === "report") this.report = payload.markdown;
    else if (kind === "run_forked") this.fork = event;
    this.block(event);
  }

  block(event) {
    const entry = entryOf(event, this.name);
    if (!entry) return;
    const last = this.blocks[this.blocks.length - 1];
    if (entry.folds && last && last.folds === entry.folds && last.turn === event.turn) {
      last.entries = [...last.entries, entry];
    } else this.blocks.push({ key: event.seq, turn: event.turn, entries: [entry], folds: entry.folds });
    const index = this.blocks.length - 1;
    this.blockOfSeq.set(event.seq, index);
    if (event.kind === "phase_entered") this.phases.push({ turn: event.turn, phase: event.phase, block: index });
    const played = event.kind === "utterance" || event.kind === "action";
    const found = this.turns.get(event.turn);
    if (!found) this.turns.set(event.turn, { roles: played ? [event.source] : [], block: index, injects: Number(event.kind === "inject") });
    else {
      if (played && !found.roles.includes(event.source)) found.roles.push(event.source);
      if (event.kind === "inject") found.injects += 1;
    }
  }

  /** The block with which a turn begins. */
  blockOfTurn(turn) {
    for (let each = turn; each >= 0; each -= 1) {
      const found = this.turns.get(each);
      if (found) return found.block;
    }
    return 0;
  }

  /** The phase in which a turn is played. */
  phaseAt(turn) {
    let found = "";
    for (const each of this.phases) {
      if (each.turn >= turn && found) break;
      found = each.phase;
    }
    return found;
  }

  /**
   * The variables after a turn.
   * @param {number} turn
   * @param {Record<string, unknown>} now those of the run as it stands, which name the ones that never changed
   */
  variablesAt(turn, now) {
    const found = {};
    for (const name of new Set([...Object.keys(now || {}), ...Object.keys(this.changes)])) {
      const changes = this.changes[name];
      if (!changes) found[name] = now[name];
      else {
        found[name] = changes[0].old;
        for (const change of changes) if (change.turn <= turn) found[name] = change.new;
      }
    }
    return found;
  }
}
