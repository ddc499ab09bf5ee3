// Who heard a line: a dot for each of the cast, filled where it did.

import { html } from "../lib/html.js";
import { hears } from "../lib/audience.js";
import { listed } from "../lib/format.js";
import { W } from "../words.js";

/** A cast that is larger is counted. */
const MOST_DOTS = 14;

/** @param {{session: import("../data/run_session.js").RunSession, event: any}} props */
export function HeardBy({ session, event }) {
  const cast = session.run.value?.cast || [];
  if (cast.length > MOST_DOTS) return html`<${Counted} session=${session} event=${event} cast=${cast} />`;
  if (event.audience === "all") return html`<span class="heard all" title=${W.heardByAll}><span class="hidden">${W.heardByAll}</span>${cast.map((member) => html`<i class=${session.hue(member.role)} />`)}</span>`;
  const heard = cast.filter((member) => hears(member.role, event));
  const words = heard.length ? W.heardBy(listed(heard.map((member) => member.name))) : W.operators;
  return html`<span class="heard" title=${words}><span class="hidden">${words}</span>${cast.map((member) => html`
    <i class=${`${session.hue(member.role)} ${hears(member.role, event) ? "" : "deaf"}`} />`)}</span>`;
}

/** How many of a large cast heard a line. @param {{session: import("../data/run_session.js").RunSession, event: any, cast: any[]}} props */
function Counted({ session, event, cast }) {
  const heard = event.audience === "all" ? cast : cast.filter((member) => hears(member.role, event));
  const words = event.audience === "all" ? W.heardByAll : heard.length ? W.heardBy(listed(heard.map((member) => session.store.name(member.role)))) : W.operators;
  return html`<span class="heard counted" title=${words}><span class="hidden">${words}</span><span aria-hidden="true">${event.audience === "all" ? W.heardByAll.toLowerCase() : W.heardByCount(heard.length, cast.length)}</span></span>`;
}
