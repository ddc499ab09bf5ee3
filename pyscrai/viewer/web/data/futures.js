// Two runs beside each other: what they share, where they part, and their turns as rows.

const PLAYED = new Set(["utterance", "action", "inject", "phase_entered", "variable_changed", "change_refused", "tool_called", "tool_refused", "run_started"]);

/** What of an event counts when two futures are compared. */
const said = (event) => `${event.turn}|${event.kind}|${event.source}|${JSON.stringify(event.payload)}`;

/**
 * Where two runs part, and what they say turn by turn from there on.
 * @param {import("./run_store.js").RunStore} one
 * @param {import("./run_store.js").RunStore} other
 * @returns {{turn: number, parts: boolean, rows: {turn: number, left: any[], right: any[]}[]}} `turn` is the last that both share
 */
export function align(one, other) {
  const left = one.events.filter((event) => PLAYED.has(event.kind));
  const right = other.events.filter((event) => PLAYED.has(event.kind));
  let at = 0;
  while (at < left.length && at < right.length && said(left[at]) === said(right[at])) at += 1;
  const parts = at < left.length || at < right.length;
  const firsts = [left[at], right[at]].filter(Boolean).map((event) => event.turn);
  const turn = parts ? Math.max(0, Math.min(...firsts) - 1) : Math.max(one.lastTurn, other.lastTurn);
  const rows = new Map();
  const put = (side, store) => {
    for (const block of store.blocks) {
      const first = block.entries[0].event;
      if (first.turn <= turn || !PLAYED.has(first.kind)) continue;
      if (!rows.has(first.turn)) rows.set(first.turn, { turn: first.turn, left: [], right: [] });
      rows.get(first.turn)[side].push(block);
    }
  };
  put("left", one);
  put("right", other);
  return { turn, parts, rows: [...rows.values()].sort((a, b) => a.turn - b.turn) };
}

/**
 * The runs of a family, each below its parent, with how deep it stands.
 * @param {any[]} runs
 */
export function asTree(runs) {
  const byId = new Map(runs.map((run) => [run.run_id, run]));
  const found = [];
  const visit = (run, depth) => {
    found.push({ run, depth });
    const children = runs.filter((each) => each.parent_run_id === run.run_id);
    children.sort((a, b) => a.fork_turn - b.fork_turn || a.created_at.localeCompare(b.created_at));
    for (const child of children) visit(child, depth + 1);
  };
  for (const run of runs) if (!byId.has(run.parent_run_id)) visit(run, 0);
  return found;
}
