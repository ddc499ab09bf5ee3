// A run that is being looked at: its record as it grows, what is chosen in it, and what was asked of it.

import { computed, signal } from "../lib/html.js";
import { hears } from "../lib/audience.js";
import { retain, route } from "../lib/router.js";
import { refuse } from "../components/toasts.js";
import { RunStore } from "./run_store.js";
import { source } from "./source.js";

const LIFE = new Set([
  "run_started", "run_paused", "run_resumed", "run_waiting", "run_completed", "run_failed", "run_stopped", "control", "role_taken", "role_released", "end_reached",
]);
const REFRESH = 900;

export class RunSession {
  /**
   * @param {string} id
   * @param {{alone?: boolean}} [how] `alone`: the page's address tells what is chosen in this run
   */
  constructor(id, { alone = true } = {}) {
    const query = alone ? route.peek().query : {};
    this.retain = alone ? retain : () => {};
    this.id = id;
    this.store = new RunStore();
    this.run = signal(/** @type {any} */ (null));
    this.template = signal(/** @type {any} */ (null));
    this.problem = signal(/** @type {any} */ (null));
    this.connection = signal("connecting");
    /** The turn that is looked at; null for the present. */
    this.turn = signal(query.turn ? Number(query.turn) : null);
    /** Whether all that had happened when the run was opened is in the store; what the past was cannot be told before. */
    this.read = signal(false);
    /** The role as which the play is read. */
    this.lens = signal(query.as || "");
    /** The event (by its number in the run) that is chosen. */
    this.line = signal(query.line ? Number(query.line) : null);
    this.panel = signal(query.panel || "state");
    /** The key of an event that a link names, until the event is there. */
    this.wanted = query.key || "";
    /** What was asked and is not yet seen in the run. */
    this.asking = signal("");
    /** The dialog that is open, and what it is about. */
    this.dialog = signal(/** @type {any} */ (null));
    /** The texts of the prompt that the lens shows, to mark what stands in it. */
    this.prompt = signal({ text: "", turn: 0 });
    /** People's notes, by the key of the event that they are on. */
    this.notes = signal(/** @type {Record<string, any[]>} */ ({}));
    this.shownTurn = computed(() => { this.store.version.value; return this.turn.value ?? this.store.lastTurn; });
    this.timer = 0;
    this.stop = () => {};
  }

  async open() {
    this.stop = source.followRun(this.id, {
      events: (batch) => this.arrived(batch),
      read: () => { this.read.value = true; },
      state: (state, problem) => {
        this.connection.value = state;
        if (problem) this.problem.value = problem;
        if (state !== "live") this.store.dropDrafts();
        if (state === "live") this.refresh();
      },
    });
    this.readNotes();
    await this.refresh();
    if (this.run.value) {
      const found = await source.template("scenarios", this.run.value.template).catch(() => null);
      this.template.value = found?.content || null;
    }
  }

  close() {
    this.stop();
    clearTimeout(this.timer);
  }

  arrived(batch) {
    this.store.add(batch);
    if (this.wanted) this.seek(this.wanted);
    if (batch.some((event) => LIFE.has(event.kind))) this.soon(60);
    else if (batch.some((event) => event.kind !== "token")) this.soon(REFRESH);
  }

  /** Read the run anew in a moment; many events lead to one request. */
  soon(delay) {
    if (this.timer && delay >= REFRESH) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.timer = 0; this.refresh(); }, delay);
  }

  async refresh() {
    try {
      const run = await source.run(this.id);
      for (const member of run.cast) this.store.names[member.role] = member.name;
      this.run.value = run;
      this.problem.value = null;
    } catch (error) {
      if (!this.run.value) this.problem.value = error;
    }
  }

  /** Read the notes that people wrote on events. */
  async readNotes() {
    const { items } = await source.annotations(this.id).catch(() => ({ items: [] }));
    /** @type {Record<string, any[]>} */
    const notes = {};
    for (const note of items) (notes[note.key] ||= []).push(note);
    this.notes.value = notes;
  }

  /** Ask something of the run and say what came of it. */
  async ask(action, reason = "") {
    this.asking.value = action;
    try {
      await source.ask(this.id, action, reason);
    } catch (error) {
      refuse(error);
    }
    await this.refresh();
    this.asking.value = "";
  }

  roles = () => (this.run.value?.cast || []).map((member) => member.role);

  /** The class of a role's hue. */
  hue = (role) => {
    const place = (this.run.value?.cast || []).findIndex((member) => member.role === role);
    return place < 0 ? "role-none" : `role-${place % 10}`;
  };

  /** Whether an event is in what is shown now: heard by the role that is read as, and not later than the turn. */
  shown(event) {
    const turn = this.turn.value;
    if (turn !== null && event.turn > turn) return false;
    return !this.lens.value || hears(this.lens.value, event);
  }

  /** The last turn, as far as it is known while the run is being read. */
  lastTurn() {
    return Math.max(this.store.lastTurn, this.run.peek()?.turn || 0, this.read.peek() ? 0 : this.turn.peek() || 0);
  }

  lookAt(turn) {
    this.turn.value = turn === null ? null : Math.max(0, Math.min(turn, this.lastTurn()));
    this.retain({ turn: this.turn.value });
  }

  readAs(role, turn) {
    this.lens.value = role;
    if (turn !== undefined) this.turn.value = turn;
    if (role) this.show("mind");
    this.retain({ as: role, turn: this.turn.value });
  }

  choose(seq, panel) {
    this.line.value = seq;
    if (panel) this.panel.value = panel;
    this.retain({ line: seq, panel: this.panel.value === "state" ? "" : this.panel.value });
  }

  /** Choose the event of a key, as soon as it is there. */
  seek(key) {
    const event = this.store.byKey.get(key);
    this.wanted = event ? "" : key;
    if (!event) return;
    this.retain({ key: "" });
    this.choose(event.seq);
  }

  show(panel) {
    this.panel.value = panel;
    this.retain({ panel: panel === "state" ? "" : panel });
  }
}
