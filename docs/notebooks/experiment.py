"""An experiment from file to finding: declared, planned, run, every pair looked at, doubted."""

import marimo

app = marimo.App(width="medium", app_title="An experiment")


@app.cell
def _():
    import marimo as mo

    import pyscrai

    MODEL = "scripted"      # means nothing and costs nothing; take a real model for a finding
    lab = pyscrai.open(model=MODEL)
    return lab, mo


@app.cell
def _(mo):
    mo.md("# Does time pressure matter?\n\nTwo arms go on from the same pasts: as it is, and with little time.")


@app.cell
def _(lab):
    experiment = lab.experiment({
        "name": "patience", "question": "Does time pressure make the talk shorter?",
        "scenario": "used-car-negotiation", "max_turns": 6,
        "pasts": {"seeds": 3, "until": {"turn": 2}},
        "arms": {"plain": {}, "pressed": {"injects": [{"text": "The shop closes in five minutes."}]}},
        "measures": {"primary": {"name": "turns", "figure": "turns"}}, "parallel": 4})
    experiment.check()
    return (experiment,)


@app.cell
def _(experiment, mo):
    mo.vstack([mo.md("## The plan\n\nRuns, calls, and the smallest effect that so few pasts can find."),
               experiment.plan()])


@app.cell
def _(experiment):
    experiment.run()    # shows how far it is
    experiment          # shows itself: status, runs, contrasts
    return


@app.cell
def _(experiment, mo):
    mo.vstack([mo.md("## Every comparison"), experiment.table("contrasts").to_pandas(),
               mo.md("## Every run"), experiment.table("runs").to_pandas()])


@app.cell
def _(experiment, mo):
    found = experiment.verify()
    mo.vstack([mo.md("## Doubt\n\nA sample of the runs is replayed, and every number computed again."), found])


if __name__ == "__main__":
    _, names = app.run()
    names["lab"].close()
