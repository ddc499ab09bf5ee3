// Who hears what, as pyscrai/audience.py decides it.

/**
 * Whether a role may know of an event.
 * @param {string} role
 * @param {{audience: "all" | string[], source: string | null}} event
 */
export function hears(role, event) {
  return event.audience === "all" || event.source === role || (Array.isArray(event.audience) && event.audience.includes(role));
}

/**
 * Who alone heard an event: null where the whole cast did.
 * @param {{audience: "all" | string[], source: string | null}} event
 * @returns {string[] | null}
 */
export function addressees(event) {
  return event.audience === "all" ? null : event.audience.filter((role) => role !== event.source);
}
