import { html } from "../lib/html.js";
export function RunsPage() { return html`<main id="content"><div class="page">runs</div></main>`; }
