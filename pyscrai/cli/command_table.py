"""The commands of ``pyscrai``, in the order of its help."""

from __future__ import annotations

_RUN = ("Play a scenario and show it as it happens.\n\n"
        "Ctrl-C pauses the run after the turn that is being played; `pyscrai resume` lets it go on. Exit codes: 0 the "
        "run came to an end of its own, 1 it failed, 2 the command or a template is wrong, 3 a limit ended it, 4 it "
        "waits for a person, 130 it was interrupted.")

COMMANDS: dict[str, tuple[str, str, str]] = {
    "run": ("Play", "pyscrai.cli.commands.run:run", _RUN),
    "demo": ("Play", "pyscrai.cli.commands.demo:demo", "Play a scenario to its end and show what is recorded of it."),
    "resume": ("Play", "pyscrai.cli.commands.run:resume", "Let a run that stands go on."),
    "replay": ("Play", "pyscrai.cli.commands.run:replay", "Play a run again from its journal, without a model."),
    "verify": ("Play", "pyscrai.cli.commands.verify:verify", "Check that a run's record was not changed."),
    "measure": ("Play", "pyscrai.cli.commands.measure:measure", "Take a run's measurements and report again."),
    "experiment": ("Play", "pyscrai.cli.commands.experiment:app",
                   "Compare arms over many runs: plan, run, judge, report, verify."),
    "pause": ("Steer", "pyscrai.cli.commands.controls:pause", "Let a run stand after the turn that is being played."),
    "step": ("Steer", "pyscrai.cli.commands.controls:step", "Play the next turn of a run that stands."),
    "stop": ("Steer", "pyscrai.cli.commands.controls:stop", "End a run for good."),
    "inject": ("Steer", "pyscrai.cli.commands.controls:inject", "Put something into the world of a run."),
    "interview": ("Steer", "pyscrai.cli.commands.states:interview", "Ask a role something, apart from the play."),
    "fork": ("Steer", "pyscrai.cli.commands.forks:fork", "Make a run that shares another's past up to a turn."),
    "edit": ("Steer", "pyscrai.cli.commands.forks:edit", "Fork a run where something else was said."),
    "regenerate": ("Steer", "pyscrai.cli.commands.forks:regenerate", "Play a turn again, as a fork."),
    "delete": ("Steer", "pyscrai.cli.commands.controls:delete", "Delete runs for good."),
    "runs": ("Look", "pyscrai.cli.commands.runs:runs", "List the runs."),
    "show": ("Look", "pyscrai.cli.commands.runs:show", "Print a run's transcript."),
    "events": ("Look", "pyscrai.cli.commands.runs:events", "List what happened in a run."),
    "calls": ("Look", "pyscrai.cli.commands.calls:calls", "Show a run's model calls: prompt, reply, tokens, cost."),
    "metrics": ("Look", "pyscrai.cli.commands.results:metrics", "Show what a run took, in all and by role."),
    "report": ("Look", "pyscrai.cli.commands.results:report", "Print the Analyst's report."),
    "state": ("Look", "pyscrai.cli.commands.states:state", "Print a run's state after a turn, and what changed in it."),
    "diff": ("Look", "pyscrai.cli.commands.states:diff", "Compare two runs: where they part, and how they end."),
    "export": ("Look", "pyscrai.cli.commands.export:export", "Write a run, or many, as files for people and programs."),
    "new": ("Write", "pyscrai.cli.commands.new:new", "Write a scenario to begin with, from four answers."),
    "validate": ("Write", "pyscrai.cli.commands.validate:validate", "Check template files and name every mistake."),
    "graph": ("Write", "pyscrai.cli.commands.validate:graph", "Draw a scenario's graph."),
    "schema": ("Write", "pyscrai.cli.commands.validate:schema", "Print the JSON Schema of a kind of file."),
    "import": ("Write", "pyscrai.cli.commands.validate:import_", "Make templates from files of other programs."),
    "templates": ("Set up", "pyscrai.cli.commands.templates:app", "List, show and add templates."),
    "models": ("Set up", "pyscrai.cli.commands.models:app", "List, check and install models."),
    "serve": ("Serve", "pyscrai.cli.commands.serve:serve", "Serve the viewer and the API, and play runs."),
    "worker": ("Serve", "pyscrai.cli.commands.worker:worker", "Play runs for whoever shares the database."),
    "fleet": ("Serve", "pyscrai.cli.commands.fleet:app", "Show the workers and the queue."),
    "view": ("Look", "pyscrai.cli.commands.view:view", "Open the viewer in a browser, at a run if one is named."),
    "docs": ("Look", "pyscrai.cli.commands.docs:docs", "Open the documentation in a browser, with no network."),
    "explain": ("Look", "pyscrai.cli.commands.explain:explain", "Say what an error code means, and its cure."),
    "mcp": ("Serve", "pyscrai.cli.commands.mcp:mcp", "Serve an assistant over the Model Context Protocol."),
    "studio": ("Serve", "pyscrai.cli.commands.studio:studio", "Serve scenarios to LangGraph Studio."),
    "keys": ("Serve", "pyscrai.cli.commands.keys:app", "Create, list and revoke API keys."),
    "completion": ("Set up", "pyscrai.cli.commands.completion:completion", "Print a shell's completion script."),
    "db": ("Set up", "pyscrai.cli.commands.db:app", "Upgrade, find, measure, prune and copy the database."),
}
"""Command to its group, where it is and what it does. A command's module is imported when it is called."""
