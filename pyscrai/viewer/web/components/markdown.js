// Markdown as elements, never as HTML: what a model wrote can only become text, lists, tables and emphasis.

import { html } from "../lib/html.js";

const INLINE = /(\*\*[^*]+\*\*|__[^_]+__|\*[^*\s][^*]*\*|`[^`]+`|!?\[[^\]]*\]\([^)]*\))/;

function inline(text) {
  return text.split(INLINE).map((part) => {
    if (/^(\*\*|__).+(\*\*|__)$/.test(part)) return html`<strong>${part.slice(2, -2)}</strong>`;
    if (/^`.+`$/.test(part)) return html`<code>${part.slice(1, -1)}</code>`;
    if (/^\*[^*]+\*$/.test(part)) return html`<em>${part.slice(1, -1)}</em>`;
    const link = /^!?\[([^\]]*)\]\(([^)]*)\)$/.exec(part);
    if (link) return link[2].startsWith("#") ? link[1] : html`<span title=${link[2]}>${link[1]}</span>`;
    return part.replace(/\\([\\`*_{}[\]()#+.!|<>~-])/g, "$1");
  });
}

const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());

/** @param {string} text */
function blocks(text) {
  const found = [];
  const lines = String(text || "").split("\n");
  for (let at = 0; at < lines.length;) {
    const line = lines[at];
    const heading = /^(#{1,6})\s+(.*)/.exec(line);
    if (!line.trim() || /^<a id="[\w-]*"><\/a>$/.test(line.trim())) at += 1;
    else if (line.startsWith("```")) {
      const code = [];
      for (at += 1; at < lines.length && !lines[at].startsWith("```"); at += 1) code.push(lines[at]);
      at += 1;
      found.push(html`<pre>${code.join("\n")}</pre>`);
    } else if (heading) {
      found.push(html`<h4>${inline(heading[2])}</h4>`);
      at += 1;
    } else if (/^\s*\|.*\|\s*$/.test(line) && /^[\s|:-]+$/.test(lines[at + 1] || "")) {
      const head = cells(line);
      const rows = [];
      for (at += 2; at < lines.length && /^\s*\|.*\|\s*$/.test(lines[at]); at += 1) rows.push(cells(lines[at]));
      found.push(html`<table><thead><tr>${head.map((cell) => html`<th>${inline(cell)}</th>`)}</tr></thead>
        <tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${inline(cell)}</td>`)}</tr>`)}</tbody></table>`);
    } else if (/^\s*([-*•]|\d+[.)])\s+/.test(line)) {
      const items = [];
      const ordered = /^\s*\d/.test(line);
      for (; at < lines.length && /^\s*([-*•]|\d+[.)])\s+/.test(lines[at]); at += 1) items.push(lines[at].replace(/^\s*([-*•]|\d+[.)])\s+/, ""));
      const drawn = items.map((item) => html`<li>${inline(item)}</li>`);
      found.push(ordered ? html`<ol>${drawn}</ol>` : html`<ul>${drawn}</ul>`);
    } else if (/^>\s?/.test(line)) {
      found.push(html`<blockquote>${inline(line.replace(/^>\s?/, ""))}</blockquote>`);
      at += 1;
    } else {
      const words = [];
      for (; at < lines.length && lines[at].trim() && !/^(#{1,6}\s|```|>|\s*[-*•]\s)/.test(lines[at]); at += 1) words.push(lines[at]);
      if (!words.length) { words.push(line); at += 1; }
      found.push(html`<p>${inline(words.join(" "))}</p>`);
    }
  }
  return found;
}

/** @param {{text: string}} props */
export function Markdown({ text }) {
  return html`<div class="markdown">${blocks(text)}</div>`;
}
