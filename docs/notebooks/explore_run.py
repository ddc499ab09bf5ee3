"""A run explored: its lines, who heard what, its calls, variables over turns, and a fork beside it."""

import marimo

app = marimo.App(width="medium", app_title="Explore a run")


@app.cell
def _():
    import marimo as mo

    import pyscrai

    MODEL = "scripted"      # or "embedded", "ollama:llama3.2", "openai:gpt-5-mini", a name from pyscrai.toml
    lab = pyscrai.open(model=MODEL)
    return lab, mo


@app.cell
def _(mo):
    mo.md("# A run explored\n\nOne haggle over a used car is played, read, taken apart, and played on otherwise.")


@app.cell
def _(lab):
    run = lab.play("used-car-negotiation", seed=4)
    run     # shows itself
    return (run,)


@app.cell
def _(mo, run):
    turns = run.table("turns").to_pandas()
    mo.vstack([mo.md("## Variables over turns"), turns])


@app.cell
def _(mo, run):
    roles = sorted(run.metrics)
    as_role = mo.ui.dropdown(["buyer", "seller"], value="buyer", label="read as")
    mo.vstack([mo.md(f"## Who heard what\n\nFigures are kept for {', '.join(roles)}."), as_role])
    return (as_role,)


@app.cell
def _(as_role, mo, run):
    heard = [(event["source"], event["payload"]["text"]) for event in run.heard_by(as_role.value)
             if event["payload"].get("text")]
    mo.md("\n\n".join(f"**{who}**: {text}" for who, text in heard))


@app.cell
def _(mo, run):
    calls = run.table("calls").to_pandas()
    mo.vstack([mo.md("## Calls\n\nWhat was asked, what it took."), calls])


@app.cell
def _(mo, run):
    fork = run.fork(at_turn=2, injects=["Another buyer rings and offers cash."]).play(progress=False)
    mo.hstack([mo.vstack([mo.md("## As it was"), run]),
               mo.vstack([mo.md("## If another buyer had rung"), fork])], widths="equal")
    return (fork,)


@app.cell
def _(fork, mo, run):
    same = run.replay().same, fork.replay().same
    mo.md(f"## Proof\n\nReplayed with no model, the run is the same: **{same[0]}**, the fork: **{same[1]}**.")


if __name__ == "__main__":
    _, names = app.run()
    names["lab"].close()
