"""Codes of experiments."""

from __future__ import annotations

from pyscrai.documentation.error_code import ErrorCode

CODES = (
    ErrorCode(
        "experiment.packages",
        "A package that the analysis needs is not installed.",
        "PyScrAI was installed without the extra `experiments`, or without `mixed` for `method: gee` or `mixed`.",
        "`pip install 'pyscrai[experiments]'`, or `'pyscrai[mixed]'`."),
    ErrorCode(
        "experiment.unknown_scenario",
        "The experiment's scenario is not known.",
        "It is neither stored nor shipped nor beside the file.",
        "Give its file, or a stored name."),
    ErrorCode(
        "experiment.unknown_agent",
        "There is no such agent here.",
        "`cast` names an agent that is neither shipped nor stored, or a version that is not.",
        "Take the name that is proposed, or store the agent with `pyscrai templates add`."),
    ErrorCode(
        "experiment.cast",
        "That agent cannot be cast there.",
        "One of the two is an Analyst and the other is not, or arms that share a past would change who played it.",
        "Cast an agent of the same kind; with `until`, cast it in the experiment's own `cast`."),
    ErrorCode(
        "experiment.unknown_role",
        "The scenario has no such role.",
        "A misspelling.",
        "Take the name that is proposed."),
    ErrorCode(
        "experiment.unknown_role_or_group",
        "The scenario has no such role or group.",
        "A misspelling.",
        "Take the name that is proposed."),
    ErrorCode(
        "experiment.unknown_phase",
        "The scenario has no such phase.",
        "A misspelling in `until`.",
        "Take the name that is proposed."),
    ErrorCode(
        "experiment.unknown_variable",
        "The scenario has no such variable.",
        "A misspelling.",
        "Take the name that is proposed."),
    ErrorCode(
        "experiment.unknown_parameter",
        "The scenario has no such parameter.",
        "A misspelling.",
        "Take the name that is proposed."),
    ErrorCode(
        "experiment.unknown_model_alias",
        "There is no model alias of that name.",
        "An arm, a factor or a judge names it.",
        "`pyscrai models list` shows the aliases."),
    ErrorCode(
        "experiment.unknown_measure",
        "There is no measure of that name.",
        "It is neither one of the scenario nor of the judges.",
        "Take the name that is proposed."),
    ErrorCode(
        "experiment.unknown_category",
        "The measure has no such category.",
        "`is` names something else.",
        "Take one of its categories."),
    ErrorCode(
        "experiment.unknown_move",
        "The scenario has no such move.",
        "A misspelling.",
        "Take the name that is proposed."),
    ErrorCode(
        "experiment.unknown_argument",
        "The move has no such argument.",
        "A misspelling.",
        "Take the name that is proposed."),
    ErrorCode(
        "experiment.unknown_end",
        "No end has this label.",
        "Ends are named by `label`.",
        "Give the end a `label` in the scenario."),
    ErrorCode(
        "experiment.unknown_factor",
        "There is no factor of that name.",
        "A misspelling in a comparison, `exclude` or a combination.",
        "Take the name that is proposed."),
    ErrorCode(
        "experiment.unknown_arm",
        "There is no arm of that name.",
        "A misspelling in a comparison.",
        "Take the name that is proposed."),
    ErrorCode(
        "experiment.one_arm",
        "There is one arm: nothing is compared.",
        "An experiment compares at least two.",
        "Add an arm."),
    ErrorCode(
        "experiment.arms",
        "What says which arms there are does not go together.",
        "There are neither `arms` nor `factors`, or both; or `design`, `combinations` or a `range` stands without what "
        "it goes with.",
        "Write `arms`, or `factors` with the `design` that crosses them."),
    ErrorCode(
        "experiment.prompt",
        "A prompt of an arm or a factor cannot be used.",
        "It reads something that there is not, or does what a prompt may not do.",
        "Correct the text; the message says what it may read."),
    ErrorCode(
        "experiment.same_measure",
        "Two measures have one name.",
        "Numbers are told apart by the name of their measure.",
        "Give one of them another `name`, and say by `measure`, `variable` or another source what it reads."),
    ErrorCode(
        "experiment.same_arm",
        "Two arms are the same.",
        "They differ in nothing but the name.",
        "Let one differ."),
    ErrorCode(
        "experiment.one_past",
        "There is one past.",
        "However often it is repeated, n is 1 and there is no interval.",
        "Give more seeds."),
    ErrorCode(
        "experiment.few_pasts",
        "There are few pasts. (A warning.)",
        "Intervals will be wide, and only large effects are found.",
        "`pyscrai experiment plan` says what can be found with how many."),
    ErrorCode(
        "experiment.no_past",
        "Nothing was said before the arms begin.",
        "An arm edits a message, or compares futures, and the past is empty.",
        "Add `until` to `pasts`."),
    ErrorCode(
        "experiment.varied_twice",
        "A parameter varies between pasts and between arms.",
        "Its effect could not be told from that of the past.",
        "Let it vary in one of them."),
    ErrorCode(
        "experiment.factor",
        "A factor cannot be set.",
        "Its target names no prompt, memory field or the like, or a level does not fit.",
        "Write `ROLE.system` or `ROLE.turn` for prompts; see [experiments](../experiments.md)."),
    ErrorCode(
        "experiment.combination",
        "A combination of factors is incomplete or impossible.",
        "A factor has no value here, or one that is none of its levels.",
        "Give every factor one of its levels."),
    ErrorCode(
        "experiment.exclude",
        "`exclude` cannot be read.",
        "It names an unknown factor or level.",
        "Take the names of the factors."),
    ErrorCode(
        "experiment.design",
        "The design is impossible.",
        "The message says why.",
        "Change the factors or the number of runs."),
    ErrorCode(
        "experiment.bounds",
        "A value is impossible for the scenario.",
        "It does not fit the type or bounds of a parameter or variable, or of a memory.",
        "Choose one that does."),
    ErrorCode(
        "experiment.never",
        "Something in the experiment can never happen.",
        "The arms begin after the run is over, or a stop rule asks for more pasts than there are.",
        "Let it come earlier, or give more seeds."),
    ErrorCode(
        "experiment.expression",
        "A condition of the experiment cannot be used.",
        "Its syntax, a name or a type is wrong.",
        "See [expressions](../templates.md#conditions-and-expressions)."),
    ErrorCode(
        "experiment.not_of_a_role",
        "The measure is of the whole scenario.",
        "`of` names a role.",
        "Leave `of` out."),
    ErrorCode(
        "experiment.of_many",
        "The measure is of several roles. (A warning.)",
        "Their mean is taken.",
        "Add `of: ROLE` for one of them."),
    ErrorCode(
        "experiment.not_a_number",
        "The measure is no number.",
        "It has categories, or is a text.",
        "Add `is: VALUE`, which counts as 1."),
    ErrorCode(
        "experiment.judges",
        "Nothing can be judged.",
        "The scenario has no judged measure, or one that is named is counted.",
        "Add `measures` with a `scale` or `categories` and a `rubric` to `judges`."),
    ErrorCode(
        "experiment.no_judges",
        "The experiment names no judges.",
        "`judges` or its `measures` are missing.",
        "Add them, or name judges on the command line."),
    ErrorCode(
        "experiment.contrast",
        "A comparison cannot be read.",
        "It is neither `{ARM: REFERENCE}` nor `{factor: NAME, value: A, to: B}`, or compares an arm with itself.",
        "Give each comparison an entry of its own."),
    ErrorCode(
        "experiment.labels",
        "Labels of people cannot be read.",
        "The file is missing, or a column or value in it is wrong.",
        "The message names the line; the columns are in [experiments](../experiments.md)."),
    ErrorCode(
        "experiment.pilot",
        "A pilot is too small.",
        "It needs two pasts or more, to see how much they differ.",
        "`--pilot 4`"),
    ErrorCode(
        "experiment.frozen",
        "The experiment is frozen, and the file says something else.",
        "A frozen plan is fixed by its hash.",
        "`--amend` adds pasts, arms and repeats and notes the deviation; anything else needs another version."),
    ErrorCode(
        "experiment.amendment",
        "An amendment cannot change this.",
        "Only what adds runs can be amended.",
        "Give the changed experiment another version."),
    ErrorCode(
        "experiment.not_frozen",
        "The experiment is not frozen.",
        "Runs count from the freeze on.",
        "Freeze it first."),
    ErrorCode(
        "experiment.taken",
        "Another process runs the experiment.",
        "It holds its lease.",
        "Pause it there; a process that died is replaced within half a minute."),
    ErrorCode(
        "experiment.wrong_state",
        "What is asked does not fit the experiment's status.",
        "For example results of one that was never run.",
        "The message names what fits."),
    ErrorCode(
        "experiment.cancelled",
        "The experiment is cancelled.",
        "That is for good.",
        "Run another version."),
    ErrorCode(
        "experiment.no_results",
        "There are no results yet.",
        "Nothing was played to its end.",
        "Run it first."),
    ErrorCode(
        "experiment.no_message",
        "A role said nothing that could be edited.",
        "An arm changes a message of a role that did not speak before the arms begin.",
        "Let the arms begin later, or name another role."),
    ErrorCode(
        "experiment.ambiguous",
        "Several experiments fit what was written.",
        "The part of an id fits more than one.",
        "Write more of it."),
    ErrorCode(
        "experiment.stands",
        "A run of the experiment neither ended nor failed.",
        "It waits for a person, or a limit of its own paused it. An experiment has no people and no limits that "
        "pause.",
        "Look at the run; take `human: always` and `pause: true` out of the scenario for the experiment."),
)
