// A text of YAML with line numbers, colours, marks where something is wrong, and completion from the JSON Schema.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib/html.js";
import { complete } from "../lib/completion.js";
import { yamlTokens } from "../lib/yaml_tokens.js";

const LINE = 20;

/**
 * @param {{value: string, change: (text: string) => void, schema: any, problems: {line: number, message: string, severity?: string}[], label: string, goTo?: {line: number} | null}} props
 */
export function YamlEditor({ value, change, schema, problems, label, goTo }) {
  const area = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const paint = useRef(/** @type {HTMLElement | null} */ (null));
  const gutter = useRef(/** @type {HTMLElement | null} */ (null));
  const [offers, setOffers] = useState(/** @type {any} */ (null));
  const [picked, setPicked] = useState(0);
  const wrong = new Map(problems.map((problem) => [problem.line, problem]));

  const follow = () => {
    paint.current.style.transform = `translate(${-area.current.scrollLeft}px, ${-area.current.scrollTop}px)`;
    gutter.current.style.transform = `translateY(${-area.current.scrollTop}px)`;
  };
  useLayoutEffect(follow, [value]);
  useEffect(() => {
    if (!goTo) return;
    const start = value.split("\n").slice(0, goTo.line - 1).join("\n").length + (goTo.line > 1 ? 1 : 0);
    area.current.focus();
    area.current.setSelectionRange(start, start + (value.split("\n")[goTo.line - 1] || "").length);
    area.current.scrollTop = Math.max(0, (goTo.line - 6) * LINE);
  }, [goTo]);

  const offer = (force = false) => {
    const found = schema ? complete(area.current.value, area.current.selectionStart, schema) : { from: 0, items: [] };
    const typed = area.current.selectionStart - found.from;
    setPicked(0);
    setOffers(found.items.length && (force || typed > 0) ? { ...found, ...placeOf(area.current) } : null);
  };
  const put = (item) => {
    const { selectionStart: cursor } = area.current;
    area.current.setRangeText(item.text, offers.from, cursor, "end");
    change(area.current.value);
    setOffers(null);
    area.current.focus();
  };
  const press = (event) => {
    event.stopPropagation();
    const { selectionStart: cursor } = area.current;
    if (offers) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) { event.preventDefault(); setPicked((picked + step + offers.items.length) % offers.items.length); return; }
      if (event.key === "Enter" || event.key === "Tab") { event.preventDefault(); put(offers.items[picked]); return; }
      if (event.key === "Escape") { event.preventDefault(); setOffers(null); return; }
    }
    if (event.key === " " && event.ctrlKey) { event.preventDefault(); offer(true); }
    if (event.key === "Enter") {
      const line = value.slice(0, cursor).split("\n").pop() || "";
      const indent = `${/^\s*/.exec(line)?.[0]}${/:\s*$/.test(line) ? "  " : ""}`;
      if (indent) { event.preventDefault(); area.current.setRangeText(`\n${indent}`, cursor, area.current.selectionEnd, "end"); change(area.current.value); }
    }
  };
  return html`<div class="editor">
    <div class="gutter" aria-hidden="true"><div ref=${gutter}>${value.split("\n").map((_, row) => html`<span key=${row} class=${wrong.has(row + 1) ? `wrong ${wrong.get(row + 1).severity}` : ""} title=${wrong.get(row + 1)?.message}>${row + 1}</span>`)}</div></div>
    <div class="code">
      <pre ref=${paint} aria-hidden="true">${yamlTokens(value).map((pieces, row) => html`<div key=${row} class=${wrong.has(row + 1) ? `line wrong ${wrong.get(row + 1).severity}` : "line"}>${pieces.map(([kind, text]) => (kind ? html`<span class=${kind}>${text}</span>` : text))}${pieces.length ? "" : " "}</div>`)}</pre>
      <textarea ref=${area} aria-label=${label} spellcheck=${false} autocapitalize="off" autocomplete="off" wrap="off" value=${value} onScroll=${follow} onKeyDown=${press} onBlur=${() => setTimeout(() => setOffers(null), 150)}
        onInput=${(event) => { change(event.target.value); offer(); }} onClick=${() => setOffers(null)} />
      ${offers && html`<ul class="offers" role="listbox" aria-label=${label} style=${{ left: `${offers.left}px`, top: `${offers.top}px` }}>${offers.items.map((item, index) => html`
        <li key=${item.text} role="option" aria-selected=${index === picked} onMouseDown=${(event) => { event.preventDefault(); put(item); }}><b>${item.text}</b><small>${item.detail.split("\n")[0]}</small></li>`)}</ul>`}
    </div></div>`;
}

/** Where the cursor is in the field, in pixels; the letters are of one width. */
function placeOf(area) {
  const lines = area.value.slice(0, area.selectionStart).split("\n");
  const width = Number.parseFloat(getComputedStyle(area).fontSize) * 0.602;
  return { left: Math.min(12 + lines[lines.length - 1].length * width - area.scrollLeft, area.clientWidth - 260), top: lines.length * LINE + 12 - area.scrollTop };
}
