// A dry run as a transcript: the flow with words that mean nothing.

import { html, useEffect, useMemo } from "../lib/html.js";
import { RunSession } from "../data/run_session.js";
import { outcomeText } from "../data/entries.js";
import { W } from "../words.js";
import { BlockView } from "./block.js";

/** @param {{played: any, roles: Record<string, string>}} props */
export function DryRunView({ played, roles }) {
  const session = useMemo(() => {
    const made = new RunSession("dry", { alone: false });
    made.run.value = { cast: Object.entries(roles).map(([role, name]) => ({ role, name })), variables: {}, waiting: [], speakers: [] };
    Object.assign(made.store.names, roles);
    made.store.add(played.events.map((event) => ({ ...event, id: event.seq })));
    return made;
  }, [played]);
  useEffect(() => () => session.close(), [session]);
  return html`<div class="dry-run"><p class="hint">${W.scenarios.dryHint} · ${W.turns(session.store.lastTurn)} · ${outcomeText(played.outcome) || played.status}</p>
    ${session.store.blocks.map((block) => html`<${BlockView} key=${block.key} session=${session} block=${block} />`)}</div>`;
}
