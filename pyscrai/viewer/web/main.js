// The viewer: which page belongs to the address, and what all pages share.

import { html, render, useEffect, useState } from "./lib/html.js";
import { go, route } from "./lib/router.js";
import { keyMissing } from "./data/rest.js";
import { W } from "./words.js";
import { KeyDialog } from "./components/key_dialog.js";
import { KeysDialog } from "./components/keys_dialog.js";
import { isTyping } from "./components/run_keys.js";
import { Toasts } from "./components/toasts.js";
import { TopBar } from "./components/top_bar.js";
import { ExperimentPage } from "./pages/experiment_page.js";
import { ExperimentsPage } from "./pages/experiments_page.js";
import { FleetPage } from "./pages/fleet_page.js";
import { FuturesPage } from "./pages/futures_page.js";
import { RunPage } from "./pages/run_page.js";
import { RunsPage } from "./pages/runs_page.js";
import { ScenarioPage } from "./pages/scenario_page.js";
import { ScenariosPage } from "./pages/scenarios_page.js";
import { SeatPage } from "./pages/seat_page.js";

function Page() {
  const { path } = route.value;
  const [kind = "runs", name, part] = path;
  if (kind === "runs" && name && !part) return html`<${RunPage} key=${name} id=${name} />`;
  if (kind === "runs" && part === "futures") return html`<${FuturesPage} key=${name} id=${name} />`;
  if (kind === "scenarios") return name ? html`<${ScenarioPage} key=${`${name}@${part}`} name=${name} version=${part} />` : html`<${ScenariosPage} />`;
  if (kind === "experiments") return name ? html`<${ExperimentPage} key=${name} id=${name} />` : html`<${ExperimentsPage} />`;
  if (kind === "fleet") return html`<${FleetPage} />`;
  if (kind === "seat") return html`<${SeatPage} />`;
  return html`<${RunsPage} />`;
}

function App() {
  const [keys, setKeys] = useState(false);
  useEffect(() => {
    let before = "";
    const press = (event) => {
      if (isTyping(event)) return;
      const two = before + event.key;
      before = event.key === "g" ? "g" : "";
      if (event.key === "?") setKeys(true);
      const page = { gr: "runs", gs: "scenarios", ge: "experiments" }[two];
      if (page) go([page]);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  return html`
    <a class="skip" href="#content" onClick=${(event) => { event.preventDefault(); /** @type {HTMLElement | null} */ (document.getElementById("content")?.querySelector("[tabindex],a,button"))?.focus(); }}>${W.skipToContent}</a>
    <${TopBar} openKeys=${() => setKeys(true)} />
    <${Page} />
    ${keys && html`<${KeysDialog} close=${() => setKeys(false)} />`}
    ${keyMissing.value && html`<${KeyDialog} />`}
    <${Toasts} />`;
}

render(html`<${App} />`, document.getElementById("app"));
