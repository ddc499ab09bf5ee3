// A rendered prompt by its parts; long parts fold.

import { html } from "../lib/html.js";

/** @param {{messages: {role: string, content: string}[] | null | undefined}} props */
export function Prompt({ messages }) {
  return html`<div class="prompt">${(messages || []).map((message, index) => html`
    <details key=${index} open class=${message.role}><summary><b>${message.role}</b><small>${message.content.length.toLocaleString("en")}</small></summary><pre tabindex="0">${message.content}</pre></details>`)}</div>`;
}
