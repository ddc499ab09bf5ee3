// An example as an editor: checked as one types, and played without a model, by the server that shows this page.

const KEY = "pyscrai.key";
const WAIT = 350;

/**
 * Put an editor in the place of a block of code.
 * @param {HTMLElement} block what is replaced
 * @param {string} source the example
 * @param {string} api where the API is
 */
export async function openEditor(block, source, api) {
  const [{ html, render, useEffect, useState }, { YamlEditor }] = await Promise.all([
    import("./editor/lib/html.js"), import("./editor/components/yaml_editor.js")]);
  const ask = (method, path, body, signal) => request(api, method, path, body, signal);
  const schema = await ask("GET", "schemas/scenario").catch(() => null);

  function Example() {
    const [text, setText] = useState(source);
    const [problems, setProblems] = useState([]);
    const [state, setState] = useState("checking …");
    const [played, setPlayed] = useState(null);
    const [goTo, setGoTo] = useState(null);

    useEffect(() => {
      const controller = new AbortController();
      const later = setTimeout(async () => {
        try {
          const found = await ask("POST", "templates/validate", { source: text }, controller.signal);
          setProblems(found.warnings.map((each) => ({ ...each, severity: "warning" })));
          setState("");
        } catch (error) {
          if (controller.signal.aborted) return;
          setProblems(error.problems || []);
          setState(error.problems?.length ? "" : `${error.message} ${error.cure || ""}`);
        }
      }, WAIT);
      return () => { clearTimeout(later); controller.abort(); };
    }, [text]);

    const wrong = problems.filter((each) => each.severity !== "warning").length;
    const play = async () => {
      setPlayed({ busy: true });
      try { setPlayed(await ask("POST", "templates/draft/play", { source: text })); } catch (error) { setPlayed({ error }); }
    };
    return html`
      <div class="bar">
        <button type="button" class="primary" disabled=${wrong > 0} onClick=${play}>Play without a model</button>
        <button type="button" disabled=${text === source} onClick=${() => { setText(source); setPlayed(null); }}>Reset</button>
        <button type="button" onClick=${() => navigator.clipboard?.writeText(text)}>Copy</button>
        <span class="state" role="status">${state || (wrong ? html`<b class="bad">${wrong} ${wrong === 1 ? "mistake" : "mistakes"}</b>` : html`<b class="good">valid</b>`)}</span>
      </div>
      <${YamlEditor} label="Scenario" value=${text} change=${(value) => { setText(value); setPlayed(null); }} schema=${schema} problems=${problems.filter((each) => each.line)} goTo=${goTo} />
      <div class="found">${problems.map((each) => html`<p key=${each.code + each.line + each.field}>
          ${each.line ? html`<button type="button" class="line" onClick=${() => setGoTo({ line: each.line })}>line ${each.line}</button> ` : ""}
          <b class=${each.severity === "warning" ? "" : "bad"}>${each.message}</b> <span class="cure">${each.cure || ""}</span>
          ${" "}<a href=${new URL(`../errors/${each.code}/`, import.meta.url).href}>${each.code}</a></p>`)}</div>
      <div class="found">${played && html`<${Played} played=${played} />`}</div>`;
  }

  function Played({ played: { busy, error, events, status, outcome } }) {
    if (busy) return html`<p>playing …</p>`;
    if (error) return html`<p><b class="bad">${error.message}</b> <span class="cure">${error.cure || ""}</span></p>`;
    const names = Object.fromEntries(events.filter((each) => each.kind === "run_started")
      .flatMap((each) => Object.entries(each.payload.roles || {}).map(([role, told]) => [role, told?.name || role])));
    return html`<p><b>${status}</b>${outcome?.reason ? `: ${outcome.reason}` : ""} · the words mean nothing: no model was asked</p>
      ${events.map((each) => html`<p key=${each.seq}><small>${each.turn} · ${each.phase || ""} · ${each.kind}</small> ${each.source ? html`<b>${names[each.source] || each.source}</b> ` : ""}${told(each)}</p>`)}`;
  }

  const place = document.createElement("div");
  place.className = "try";
  block.replaceWith(place);
  render(html`<${Example} />`, place);
}

/** What an event says, in a line. */
function told({ kind, payload, audience }) {
  const heard = Array.isArray(audience) ? ` (heard by ${audience.join(", ") || "nobody"})` : "";
  const text = payload.text || payload.message || (payload.action ? `${payload.action} ${JSON.stringify(payload.arguments || {})}` : "")
    || (kind === "variable_changed" ? `${payload.name || payload.variable}: ${JSON.stringify(payload.old)} → ${JSON.stringify(payload.new)}` : "");
  return `${text}${heard}`;
}

/** Ask the server; its errors are thrown with their code, cure and problems. */
async function request(api, method, path, body, signal) {
  const key = sessionStorage.getItem(KEY);
  const answer = await fetch(`${api}/${path}`, {
    method, signal, cache: "no-store", body: body && JSON.stringify(body),
    headers: { ...(body ? { "content-type": "application/json" } : {}), ...(key ? { authorization: `Bearer ${key}` } : {}) },
  });
  const found = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(found.detail || found.title), { cure: found.cure, problems: found.problems, code: found.code });
  return found;
}
