"""Plays one scenario from start to finish, then shows what the database holds and the Analyst's report.

    python demo_scenario_execution.py [SCENARIO] [--model ALIAS] [--seed N]

It is the command ``pyscrai demo``; everything that it does is also a command of its own: see the last lines that it
prints.
"""

import sys

from pyscrai.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["demo", *sys.argv[1:]]))
