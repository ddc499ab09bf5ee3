// Who hears something: all, or some of the cast.

import { html } from "../lib/html.js";
import { W } from "../words.js";

/** @param {{cast: any[], hue: (role: string) => string, value: string[], change: (roles: string[]) => void}} props */
export function AudienceField({ cast, hue, value, change }) {
  const all = value.includes("all");
  const toggle = (role) => {
    const next = all ? [role] : value.includes(role) ? value.filter((each) => each !== role) : [...value, role];
    change(next.length ? next : ["all"]);
  };
  return html`<fieldset class="audience"><legend>${W.injectForm.audience}</legend>
    <button type="button" aria-pressed=${all} onClick=${() => change(["all"])}>${W.injectForm.all}</button>
    ${cast.map((member) => html`<button key=${member.role} type="button" class=${hue(member.role)} aria-pressed=${!all && value.includes(member.role)} onClick=${() => toggle(member.role)}><span class="who">${member.name}</span></button>`)}
  </fieldset>`;
}
