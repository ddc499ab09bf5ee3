// What pages do beside being read: diagrams are drawn, and YAML examples become editors where PyScrAI serves the page.

const here = import.meta.url;

drawDiagrams();
offerEditors();

/** Draw diagrams with the mermaid that is shipped beside the pages; it is loaded where there is one. */
function drawDiagrams() {
  const found = [...document.querySelectorAll("pre.diagram")];
  if (!found.length) return;
  const script = document.createElement("script");
  script.src = new URL("vendor/mermaid.js", here).href;
  script.onload = async () => {
    const dark = document.body.getAttribute("data-md-color-scheme") === "slate";
    const style = getComputedStyle(document.body);
    globalThis.mermaid.initialize({
      startOnLoad: false, securityLevel: "strict", theme: dark ? "dark" : "neutral",
      flowchart: { wrappingWidth: 420, nodeSpacing: 28, rankSpacing: 26, padding: 8 },
      themeVariables: { fontSize: "14px" },
      fontFamily: style.getPropertyValue("--md-text-font"),
    });
    for (const [index, block] of found.entries()) {
      const { svg } = await globalThis.mermaid.render(`diagram-${index}`, block.textContent.trim());
      const code = block.querySelector("code");
      code.insertAdjacentHTML("afterend", svg);
    }
  };
  document.head.append(script);
}

/** Put a button beside every complete scenario; it makes the example an editor that checks and plays without a model. */
function offerEditors() {
  const told = document.querySelector("meta[name=pyscrai-api]");
  for (const block of document.querySelectorAll("div.highlight.yaml, div.language-yaml")) {
    const code = block.querySelector("code");
    const source = code ? code.textContent : "";
    if (!/^kind: scenario$/m.test(source)) continue;
    if (!told) continue;
    const open = async () => {
      const { openEditor } = await import(new URL("live_example.js", here).href);
      await openEditor(block, source, told.content);
    };
    if (block.classList.contains("try")) { open(); continue; }
    const bar = document.createElement("div");
    bar.className = "try-offer";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "md-button";
    button.textContent = "Try it here";
    button.addEventListener("click", () => { bar.remove(); open(); });
    bar.append(button);
    block.after(bar);
  }
}
