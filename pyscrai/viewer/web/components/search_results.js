// Lines of all runs that say the words that are looked for.

import { html, useEffect, useState } from "../lib/html.js";
import { ago } from "../lib/format.js";
import { link } from "../lib/router.js";
import { source } from "../data/source.js";
import { W } from "../words.js";
import { ProblemBox } from "./problem.js";

/** @param {{words: string, template?: string}} props */
export function SearchResults({ words, template }) {
  const [found, setFound] = useState(/** @type {any} */ (null));
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    let current = true;
    const later = setTimeout(() => source.search({ q: words, template, limit: 100 }).then(
      (answer) => { if (current) { setFound(answer); setProblem(null); } }, (error) => current && setProblem(error)), 180);
    return () => { current = false; clearTimeout(later); };
  }, [words, template]);
  if (problem) return html`<${ProblemBox} problem=${problem} />`;
  if (!found) return html`<p class="empty">${W.loading}</p>`;
  return html`<section aria-label=${W.runsPage.results}><p class="hint" role="status">${W.runsPage.found(found.items.length)}</p>
    <ol class="hits">${found.items.map((hit) => html`<li key=${hit.id}><a href=${link(["runs", hit.run_id], { line: hit.seq })}>
      <span class="hit-head"><b>${hit.name || hit.source || hit.kind}</b><small>${hit.run_name} · ${W.turn(hit.turn)} · ${ago(hit.created_at)}</small></span>
      <span class="hit-text">${hit.parts.map((part, index) => (index % 2 ? html`<mark>${part}</mark>` : part))}</span></a></li>`)}</ol></section>`;
}
