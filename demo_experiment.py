"""A whole experiment: plan, freeze, play, analyse, report, verify, with the tiny embedded model.

    make demo-experiment                     # some minutes; the tiny model's words mean nothing
    .venv/bin/python demo_experiment.py --model embedded --pasts 12   # a larger local model, more pasts

What it shows is the plumbing: forked arms, the flow of runs, intervals, the report. It finds nothing about anybody.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import pyscrai
from pyscrai.experiments.library import load_shipped_experiment
from pyscrai.experiments.models.measures import Stop, StopRule


def main() -> int:
    """Run the shipped experiment `inject-timing` over a few pasts, and write its report."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--model", default="embedded-tiny", help="a model alias")
    given.add_argument("--pasts", type=int, default=3, help="how many pasts")
    given.add_argument("--seconds", type=float, default=150, help="no past is begun after so many seconds of playing")
    given.add_argument("--output", type=Path, default=Path("demo-experiment"), help="the folder of the report")
    chosen = given.parse_args()
    begin = time.monotonic()
    chosen.output.mkdir(parents=True, exist_ok=True)
    database = chosen.output / "demo.db"
    database.unlink(missing_ok=True)
    spec = load_shipped_experiment("inject-timing")
    small = spec.template.model_copy(update={
        "pasts": spec.template.pasts.model_copy(update={"seeds": chosen.pasts}), "parallel": 2,
        "stop": Stop(first=(StopRule(seconds=chosen.seconds),)),
        "scenario": str(Path(spec.file or "").parent / spec.template.scenario)})
    with pyscrai.open(database, model=chosen.model, log_level="error") as lab:
        experiment = lab.experiment(small)
        plan = experiment.plan()
        print(f"{small.title}\n{plan['pasts']} pasts, each played once to turn 3; {plan['runs']} runs fork from them\n")
        experiment.run(progress=True)
        print()
        for row in experiment.results()["contrasts"]:
            if row["standing"] == "primary" and row["low"] is not None:
                print(f"{row['measure']}, {row['arm']} less {row['reference']}: {row['difference']:.2f} "
                      f"({row['low']:.2f} to {row['high']:.2f}), {row['n_pasts']} pasts: {row['finding']}")
        experiment.report(chosen.output, runs=True)
        verified = experiment.verify(sample=4)
        print(f"\nverified: {'identical' if verified['identical'] else verified['differences']}")
        print(f"report: {chosen.output / 'report.html'}, after {time.monotonic() - begin:.0f} s. "
              f"Plumbing only: what {chosen.model} says means nothing.")
        return 0 if experiment.status()["complete"] and verified["identical"] else 3


if __name__ == "__main__":
    raise SystemExit(main())
