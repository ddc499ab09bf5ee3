// Who hears what, as pyscrai/audience.py decides it.

/** The kinds of event that are a role's own act; in all others the source is a name in words. */
const ACTS = new Set([
  "utterance", "action", "tool_called", "tool_refused", "memory_summarized", "reflection", "assessment", "measurement", "verdict", "report", "speaker_chosen",
]);

/**
 * Whether a role may know of an event.
 * @param {string} role
 * @param {{kind: string, audience: "all" | string[], source: string | null}} event
 */
export function hears(role, event) {
  return event.audience === "all" || (Array.isArray(event.audience) && event.audience.includes(role)) || (event.source === role && ACTS.has(event.kind));
}

/**
 * Who alone heard an event: null where the whole cast did.
 * @param {{audience: "all" | string[], source: string | null}} event
 * @returns {string[] | null}
 */
export function addressees(event) {
  return event.audience === "all" ? null : event.audience.filter((role) => role !== event.source);
}
