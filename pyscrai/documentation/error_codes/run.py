"""Codes of runs: made, played, steered, replayed."""

from __future__ import annotations

from pyscrai.documentation.error_code import ErrorCode

CODES = (
    ErrorCode(
        "not_found",
        "Nothing of that name or id is stored.",
        "A misspelling, another database, or something that was deleted.",
        "`pyscrai runs`, `pyscrai templates list` and `pyscrai experiment list` show what there is; `pyscrai db "
        "path` says where it was looked for."),
    ErrorCode(
        "run.invalid",
        "A run cannot be made or cannot do what is asked.",
        "The message says why.",
        "The cure says what does."),
    ErrorCode(
        "run.wrong_state",
        "What is asked does not fit the run's status.",
        "A finished run cannot be paused, one that plays cannot be replayed, and so on.",
        "The message names the status and what fits it. A finished run can be forked."),
    ErrorCode(
        "run.ambiguous",
        "Several runs fit what was written.",
        "The part of an id is the beginning or end of more than one.",
        "Write more of the id."),
    ErrorCode(
        "run.taken",
        "Another process plays the run.",
        "It holds the run's lease.",
        "Pause or stop it there. A process that died is replaced within 15 seconds."),
    ErrorCode(
        "run.budget_spent",
        "The budget of the experiment or caller that the run is played for is spent.",
        "Calls of any of its runs, whichever process plays them, have cost as much as `pyscrai fleet share NAME "
        "--budget` or the experiment's stop rule `cost_usd` allows. The run stands before the turn "
        "that would have cost more.",
        "A higher budget lets its runs go on by themselves; nothing is lost or paid twice."),
    ErrorCode(
        "run.fenced",
        "Another process took the run over.",
        "This one was away for too long: its lease ended. What it had not recorded is played again by the other, "
        "once.",
        "Nothing is lost. Watch the run where it plays now."),
    ErrorCode(
        "run.playing",
        "The run is being played.",
        "It cannot be deleted meanwhile.",
        "Pause or stop it first."),
    ErrorCode(
        "run.has_forks",
        "The run is the past of others.",
        "Forks share it.",
        "Delete the forks first."),
    ErrorCode(
        "run.half_made",
        "The run was not made to its end.",
        "The process died while it was forked or made.",
        "Delete it and fork again."),
    ErrorCode(
        "run.no_scenario",
        "The file holds no scenario, or several.",
        "A run needs one.",
        "Give a file with one document of `kind: scenario`, or store the file and name the scenario."),
    ErrorCode(
        "run.bad_parameter",
        "A parameter has an impossible value.",
        "It does not fit the type, bounds or choices that the scenario declares.",
        "The message says which. `pyscrai templates show NAME` lists the parameters."),
    ErrorCode(
        "run.unknown_parameter",
        "The scenario has no parameter of that name.",
        "A misspelling in `--set` or `parameters`.",
        "Take the name that is proposed."),
    ErrorCode(
        "run.unknown_role",
        "The scenario has no such role.",
        "A misspelling, a role that was left out of the run, or an expression for speakers that gives something "
        "else.",
        "Take the name that is proposed."),
    ErrorCode(
        "run.unknown_variable",
        "The scenario has no such variable.",
        "A misspelling in a fork or inject.",
        "Take the name that is proposed."),
    ErrorCode(
        "run.unknown_measure",
        "The scenario has no such measure.",
        "A misspelling in `pyscrai measure`.",
        "Take the name that is proposed."),
    ErrorCode(
        "run.bad_variable",
        "A variable has an impossible value.",
        "It does not fit the type, bounds or choices.",
        "The message says which."),
    ErrorCode(
        "run.bad_cast",
        "The agent does not fit the role.",
        "A role of an Actor takes an Actor, that of a Narrator a Narrator.",
        "Cast an agent with the same engine."),
    ErrorCode(
        "run.bad_number",
        "An expression gives no number of turns.",
        "`after_turns`, `after_rounds` or `scene_rounds` gives something else than an integer of at least 1.",
        "Let it give an integer, for example `int(params.rounds)`."),
    ErrorCode(
        "run.bad_turn",
        "There is no such turn.",
        "Turns count from 1; a run cannot be forked beyond its last.",
        "`pyscrai show RUN` says which turns there are."),
    ErrorCode(
        "run.mid_round",
        "The turn is the middle of a round in which all speak at once.",
        "The round was played as one step and cannot be parted.",
        "Go back to the turn at which it began or ended."),
    ErrorCode(
        "run.not_words",
        "What a fork is to change is no message, or it would say nothing.",
        "Only what was said, injected or told at the beginning of a phase can say something else; moves and tool "
        "answers are what happened.",
        "Fork before the turn, and let it be played otherwise."),
    ErrorCode(
        "run.role_required",
        "The role cannot be left out.",
        "`--without` takes roles with `required: false`.",
        "Play with it, or make it optional in the template."),
    ErrorCode(
        "run.no_human",
        "The role is not for a person.",
        "Its template says `human: no`, which is the default.",
        "Set `human: allowed` for the role."),
    ErrorCode(
        "run.seat_taken",
        "Another person plays the role.",
        "A seat is one person's.",
        "Release the role first, or offer the seat to them."),
    ErrorCode(
        "run.not_waiting",
        "The run waits for nobody, or for somebody else.",
        "The answer came too late, or names the wrong role.",
        "`pyscrai show RUN` says whom it waits for."),
    ErrorCode(
        "run.answered",
        "The turn was answered already.",
        "Another answer came first, and one counts.",
        "Wait for the role's next turn."),
    ErrorCode(
        "run.answer",
        "The answer does not fit what was asked.",
        "More than speech is wanted, for example a move with arguments.",
        "Answer with JSON that fits the schema in the message."),
    ErrorCode(
        "run.unknown_price",
        "A budget cannot be kept.",
        "No price is known for one of the models, so its cost would count as nothing.",
        "Set `price` in the alias (zeros where it costs nothing), or allow it with `--allow-unknown-price`."),
    ErrorCode(
        "run.note",
        "A note says nothing.",
        "It has neither a text nor a tag.",
        "Write a text, or name a tag."),
    ErrorCode(
        "run.budget_spent",
        "The new budget is spent already.",
        "The run has cost as much, or more.",
        "Name more than it has cost, or stop the run."),
    ErrorCode(
        "run.not_ended",
        "The run has not ended.",
        "Replaying and measuring need its whole record.",
        "Wait for its end, or stop it."),
    ErrorCode(
        "run.no_analysis",
        "Nobody measures in this run.",
        "Its scenario has no `analysis`, or names no Analyst.",
        "Fork it with a scenario that has one, or interview a role."),
    ErrorCode(
        "run.no_outcome",
        "The graph ended without an outcome.",
        "A fault of PyScrAI.",
        "Report it, with the run's export."),
    ErrorCode(
        "run.place",
        "A recorded answer stands at this place, to another question.",
        "The template, prompts or code changed in a way that moves the questions of a run that was begun before.",
        "A recorded answer is never replaced. Fork the run before that turn, and report it if nothing was changed."),
    ErrorCode(
        "run.too_long",
        "The dry run took too long.",
        "The server plays a draft for 20 seconds at most.",
        "`pyscrai run FILE --dry-run` may take its time."),
    ErrorCode(
        "run.internal",
        "Something unexpected stopped the run.",
        "A fault of PyScrAI or of a tool.",
        "Resume the run; report what the log says. Nothing that was recorded is lost."),
    ErrorCode(
        "engine.failed",
        "A turn could not be brought to an end.",
        "The model failed for good, or its replies could not be used; the message has the reason.",
        "`pyscrai resume` asks anew. The role's [failure policy](../templates.md#failure) says what is done: "
        "retries, a fallback alias, `then: skip` or `pause`."),
    ErrorCode(
        "engine.paused",
        "The run paused because a model failed.",
        "The role's failure policy says `then: pause`.",
        "Mend the cause, then `pyscrai resume RUN`."),
    ErrorCode(
        "engine.prompt",
        "A prompt cannot be rendered.",
        "A prompt file is missing or broken, or a text costs more than its bounds.",
        "See [texts with braces](../templates.md#texts-with-braces); `pyscrai validate` tries all texts."),
    ErrorCode(
        "engine.reply",
        "The model's reply cannot be used.",
        "It is empty, no JSON, or does not fit the schema, and repairing did not help.",
        "Use a larger model, raise `repairs`, or set the alias's `structured` to what the endpoint can do."),
    ErrorCode(
        "engine.poor",
        "A line was poor and is asked for once more.",
        "It repeats the prompt or speaks for somebody else. This never ends a turn.",
        "Nothing."),
    ErrorCode(
        "replay.diverged",
        "A replay left the recorded path.",
        "The record was changed, or this version asks or decides something differently than the one that recorded "
        "it.",
        "The message names the first difference. `pyscrai verify RUN` says whether rows were changed."),
)
