"""Codes of templates: what is wrong with what they say, and warnings."""

from __future__ import annotations

from pyscrai.documentation.error_code import ErrorCode

CODES = (
    ErrorCode(
        "template.unknown_role",
        "There is no role of that name.",
        "A misspelling, or a group where one role is wanted.",
        "Take the name that is proposed, or add the role to `roles`."),
    ErrorCode(
        "template.unknown_role_or_group",
        "There is neither a role nor a group of that name.",
        "Audiences, speakers and the like name roles, groups or `all`.",
        "Take the name that is proposed, or declare it."),
    ErrorCode(
        "template.unknown_group",
        "There is no group of that name.",
        "Only groups can stand here.",
        "Declare it under `groups`."),
    ErrorCode(
        "template.unknown_agent",
        "There is no agent template of that name or version.",
        "It is neither shipped, nor stored, nor in one of the files that were given together.",
        "Give its file as well, store it with `pyscrai templates add`, or write the agent out where it is used."),
    ErrorCode(
        "template.unknown_phase",
        "There is no phase of that name.",
        "A misspelling in `start`, `next` or an inject.",
        "Take the name that is proposed, or add the phase."),
    ErrorCode(
        "template.unknown_variable",
        "There is no variable of that name.",
        "It is not declared under `variables`.",
        "Declare it, with a type and a first value."),
    ErrorCode(
        "template.unknown_action",
        "There is no move of that name.",
        "It is not declared under `actions`.",
        "Declare it."),
    ErrorCode(
        "template.unknown_argument",
        "The move has no argument of that name.",
        "It is not among the move's `fields`.",
        "Take one of its fields, or add it."),
    ErrorCode(
        "template.unknown_event_kind",
        "There is no such kind of event.",
        "`on_event` names a kind of the event log.",
        "Take one of [the kinds](../reference/events.md)."),
    ErrorCode(
        "template.unknown_tool",
        "There is no tool of that name, or it is not allowed.",
        "`dice`, `read_variable` and `look_up` ship; others are import paths that the operator allows with "
        "`tools_allowed`.",
        "Take one that ships, or ask the operator."),
    ErrorCode(
        "template.unknown_warning",
        "`allow` names a warning that does not exist.",
        "The word is the code of a warning without `template.`",
        "Take the one that is proposed."),
    ErrorCode(
        "template.name_clash",
        "Two things have one name.",
        "A role and a group, or two measures, cannot be told apart.",
        "Rename one."),
    ErrorCode(
        "template.same_name",
        "Two roles have the same name in the transcript.",
        "Case and spaces do not tell names apart: models and readers could not either.",
        "Give one of them another `name`."),
    ErrorCode(
        "template.reserved",
        "The name has a meaning of its own.",
        "`end`, `all`, `whisper` and others stand for something; conditions cannot read names like `in` or `null`.",
        "Choose another name."),
    ErrorCode(
        "template.group_order",
        "A group names one that stands after it.",
        "Groups are computed in order.",
        "Move the other one up."),
    ErrorCode(
        "template.program",
        "`played_by` cannot be used here.",
        "It is no import path, or the role is an Analyst, or one that a person plays.",
        "Write `tool:package.module:function`, and leave the other fields out."),
    ErrorCode(
        "template.approve",
        "Nobody can approve here.",
        "`approve` names a role that no person can play, or stands on an Analyst, whom nobody hears.",
        "Set `human: allowed` for that role, or remove `approve`."),
    ErrorCode(
        "template.knows",
        "An Analyst's `knows` says something else than what Analysts can know.",
        "It takes `secrets` and `goals`: those of all roles.",
        "Write `knows: [secrets, goals]`; what it is to look for belongs into its goals."),
    ErrorCode(
        "template.analyst_speaks",
        "An Analyst stands where somebody speaks.",
        "Analysts observe, judge and measure, unheard; they take no turns and moderate nothing.",
        "Use an Actor or a Narrator, or let the Analyst `observe`."),
    ErrorCode(
        "template.not_an_analyst",
        "A role observes, judges or measures, and is no Analyst.",
        "Only Analysts are unheard.",
        "Give the work to a role whose agent has `engine: analyst`."),
    ErrorCode(
        "template.no_narrator",
        "A Narrator is to declare the end, and none takes a turn.",
        "`ends: [{narrator: true}]` needs one who speaks.",
        "Let a Narrator speak or resolve in a phase."),
    ErrorCode(
        "template.no_speakers",
        "Nobody speaks in a phase.",
        "All its speakers are optional and left out, or its groups are empty.",
        "Name a role."),
    ErrorCode(
        "template.order",
        "Fields of a phase do not go with its order.",
        "A moderator goes with `order: moderated`, a resolver with `simultaneous`, `scene_rounds` with `parallel`, "
        "and so on.",
        "The cure says which to add or to remove."),
    ErrorCode(
        "template.majority",
        "A majority can never come about.",
        "Nobody makes the move in this phase, or the value is none of its choices.",
        "Add the `action` to the phase, or take one of the choices."),
    ErrorCode(
        "template.expression",
        "A condition or an expression cannot be used.",
        "Its syntax, a name or a type is wrong, or it failed when it was tried in sample worlds. Most often: a text"
        " without quotes of its own (`set: {mood: \"'angry'\"}`), or an integer where a number is meant (`1` for "
        "`1.0`).",
        "Look at the place that is marked; [Conditions and expressions](../templates.md#conditions-and-expressions) in "
        "the page of the language lists names, types and functions."),
    ErrorCode(
        "template.too_costly",
        "The expressions of the template are too costly.",
        "Together they take more than 2,000,000 steps to be tried out.",
        "Go over shorter lists, and nest `map` and `filter` less."),
    ErrorCode(
        "template.prompt",
        "A text with braces cannot be rendered.",
        "It reads something that is not there, or uses what is not allowed: calls, powers, macros, includes.",
        "See [texts with braces](../templates.md#texts-with-braces) for what each text may read."),
    ErrorCode(
        "template.bounds",
        "Bounds or first values are impossible.",
        "`initial` is outside of `minimum` and `maximum`, a choice is of the wrong type, a text has a minimum, ...",
        "The message names the value and the bound."),
    ErrorCode(
        "template.unreachable",
        "Nothing leads to a phase.",
        "No transition of a phase that is played names it.",
        "Name it in `next`, begin with it, or remove it."),
    ErrorCode(
        "template.no_end",
        "The play never comes to an end.",
        "No transition leads to `end`, and nothing under `ends` can fire.",
        "Let a phase lead to `end`, or add `ends: [{turns: 30}]`."),
    ErrorCode(
        "template.unbounded",
        "The play may go on without a bound. (A warning.)",
        "A loop of phases, or a phase, has no limit but the default of 200 turns.",
        "Add `max_visits` or `max_turns`, or a limit under `ends`."),
    ErrorCode(
        "template.never",
        "Something can never happen. (A warning.)",
        "A transition, inject or condition that others always come before, or that never holds.",
        "Move, change or remove it."),
    ErrorCode(
        "template.unused_role",
        "A role never does anything. (A warning.)",
        "It speaks in no phase, moderates, resolves and observes nothing.",
        "Let it speak, or remove it."),
    ErrorCode(
        "template.unused_action",
        "No phase offers a move. (A warning.)",
        "It stands under `actions` alone.",
        "Add it to a phase, or remove it."),
    ErrorCode(
        "template.unused_documents",
        "Nobody can read the documents. (A warning.)",
        "No role has the tool `look_up`.",
        "Give it to a role."),
    ErrorCode(
        "template.unused_parameter",
        "Nothing reads a parameter. (A warning.)",
        "No text and no condition has `params.NAME`, so that runs and arms of an experiment which set it "
        "differ in nothing.",
        "Read it where it matters, or remove it."),
    ErrorCode(
        "template.no_documents",
        "There is nothing to look up. (A warning.)",
        "A role has the tool `look_up`, and the scenario has no `documents`.",
        "Add them, or take the tool away."),
    ErrorCode(
        "template.repeated",
        "A name stands twice in a list. (A warning.)",
        "In most lists that means nothing.",
        "Remove one."),
    ErrorCode(
        "template.empty_audience",
        "Nobody is in an audience. (A warning where it may be meant.)",
        "All names in it are of the speaker, or of roles that hear nothing.",
        "Name who hears it; for nobody write `[]`."),
    ErrorCode(
        "template.human",
        "A person is to play an Analyst. (A warning.)",
        "Analysts take no turns.",
        "Remove `human`."),
    ErrorCode(
        "template.not_a_narrator",
        "A role is to propose changes and is no Narrator. (A warning.)",
        "Only Narrators change variables in their turns.",
        "Let an action `set` the variable."),
    ErrorCode(
        "template.optional_moderator",
        "A phase cannot be played without an optional role. (A warning.)",
        "Its moderator may be left out of a run.",
        "Make it required."),
    ErrorCode(
        "template.optional_speakers",
        "Every speaker of a phase may be left out. (A warning.)",
        "All are `required: false`.",
        "Make one of them required."),
    ErrorCode(
        "template.secret_told",
        "A secret stands in a text that another role's prompt is made of. (A warning.)",
        "The premise, a task, an inject or a persona repeats it word for word.",
        "Write the text without it; `allow: [secret_told]` acknowledges one that is meant."),
    ErrorCode(
        "template.variable_shown",
        "An inject shows a variable to roles that cannot see it otherwise. (A warning.)",
        "Its text reads `vars.NAME`, and its audience is wider than `visible_to`.",
        "Narrow the audience, or widen `visible_to`."),
    ErrorCode(
        "compile.invalid",
        "The scenario cannot be played with this cast.",
        "Roles that were left out are needed; the problems say where.",
        "Bind the roles, or change the flow."),
    ErrorCode(
        "compile.no_speakers",
        "Nobody in the cast speaks in a phase.",
        "All its speakers are optional and were left out.",
        "Bind one of them."),
    ErrorCode(
        "compile.no_moderator",
        "The moderator of a phase is not in the cast.",
        "The role is optional and was left out.",
        "Bind it."),
    ErrorCode(
        "template.more",
        "There are more mistakes than are told.",
        "The list of problems is bounded.",
        "Mend those that are told, and check again."),
)
