// The bar on top of every page: where one is, whether it is live, and the colours.

import { html } from "../lib/html.js";
import { link, route } from "../lib/router.js";
import { folderExperiments } from "../data/folder_source.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { ConnectionBadge } from "./connection.js";
import { Icon } from "./icons.js";
import { chooseTheme, theme } from "./theme.js";

/** @param {{openKeys: () => void}} props */
export function TopBar({ openKeys }) {
  const [at = "runs"] = route.value.path;
  const seat = at === "seat";
  const pages = source.canSteer ? ["runs", "experiments", "scenarios"] : folderExperiments.length ? ["runs", "experiments"] : ["runs"];
  return html`<header class="bar">
    <a class="brand" aria-label=${W.product} href=${link(["runs"])}><svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8" fill="#3346a8" /><path d="M7 9.5A2.5 2.5 0 0 1 9.5 7h9A2.5 2.5 0 0 1 21 9.5v5a2.5 2.5 0 0 1-2.5 2.5H13l-4 3.5V17a2.3 2.3 0 0 1-2-2.5z" fill="#fff" /><path d="M23 13.2a2.3 2.3 0 0 1 2 2.3v5a2.5 2.5 0 0 1-2 2.4V26l-3.6-3H14l3.2-3h2.3a3.5 3.5 0 0 0 3.5-3.5z" fill="#aab8ff" /></svg><span>${W.product}</span></a>
    ${!seat && html`<nav aria-label=${W.nav.label}>${pages.map((page) => html`<a key=${page} href=${link([page])} aria-current=${at === page ? "page" : undefined}>${W.nav[page]}</a>`)}</nav>`}
    <span class="space" />
    <${ConnectionBadge} />
    ${source.canSteer && !seat && html`<a class="wide aside" href=${link(["fleet"])} aria-current=${at === "fleet" ? "page" : undefined}>${W.fleet.title}</a>`}
    ${source.canSteer && !seat && html`<a class="wide aside" href="api/v1/docs">${W.nav.reference}</a>`}
    <button class="icon wide" aria-label=${W.keys.title} title=${`${W.keys.title}  ?`} onClick=${openKeys}><${Icon} name="keyboard" /></button>
    <button class="icon" aria-label=${`${W.theme.label}: ${W.theme[theme.value]}`} title=${`${W.theme.label}: ${W.theme[theme.value]}`} onClick=${chooseTheme}><${Icon} name="sun" /></button>
  </header>`;
}
