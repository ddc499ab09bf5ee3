"""Codes of templates: what is wrong with the text or its fields."""

from __future__ import annotations

from pyscrai.documentation.error_code import ErrorCode

CODES = (
    ErrorCode(
        "template.invalid",
        "A template cannot be used.",
        "It has at least one mistake. The problems that come with this error name every one, each with a code of "
        "its own.",
        "Mend the problems one by one. `pyscrai validate FILE` names them all at once."),
    ErrorCode(
        "template.empty",
        "There is nothing where something is wanted.",
        "A file without a template, or a field whose text or list is empty.",
        "Begin a file with `kind: scenario`, `kind: agent` or `kind: experiment`. Write something into the field, "
        "or leave it out."),
    ErrorCode(
        "template.kind",
        "The `kind` of a document is missing or not known.",
        "Every document begins with `kind`. Files that are given to `pyscrai experiment` hold experiments, those "
        "given to `pyscrai run` scenarios and agents.",
        "Write `kind: scenario`, `kind: agent` or `kind: experiment`."),
    ErrorCode(
        "template.syntax",
        "The text is no YAML or JSON.",
        "A bracket or quote that is not closed, a tab as indentation, a `: ` or `#` in a text without quotes, or a "
        "comma inside of `{ }` that was meant as part of a text.",
        "Look at the line that is named and at the one above it. Put texts with special characters in quotes."),
    ErrorCode(
        "template.encoding",
        "The file is no text in UTF-8, or holds a control character.",
        "It was saved in another encoding, or is no text file at all.",
        "Save it as UTF-8 and remove the character at the place that is named."),
    ErrorCode(
        "template.too_large",
        "The file is too large.",
        "A template file has at most 1 MB and 50,000 parts, every alias counted out; a picture or archive to import"
        " at most 32 MB.",
        "Split the file, or shorten it. See [limits](../limits.md)."),
    ErrorCode(
        "template.too_deep",
        "The file is nested too deeply.",
        "Lists and fields stand in each other more than 40 deep.",
        "Write it more simply; agents can stand in documents of their own."),
    ErrorCode(
        "template.tag",
        "A YAML tag stands in the file.",
        "Tags such as `!include` or `!!python/object` are refused: a template is data.",
        "Write the value out."),
    ErrorCode(
        "template.alias",
        "A YAML alias names no anchor, or one that stands later.",
        "`*name` needs an `&name` before it.",
        "Set the anchor first, or write the value out."),
    ErrorCode(
        "template.key",
        "A key of a mapping is no name.",
        "A list, a mapping or nothing stands before the colon.",
        "Put the key in quotes, or correct the line."),
    ErrorCode(
        "template.duplicate_key",
        "A field stands twice in one place.",
        "YAML would drop the first one silently, so it is refused.",
        "Keep one of them."),
    ErrorCode(
        "template.duplicate",
        "One template stands twice in a file.",
        "Two documents have the same kind, name and version.",
        "Give one of them another name or version."),
    ErrorCode(
        "template.format",
        "The version of the language is not known.",
        "`format` says which version of the template language a file is written in; this PyScrAI knows `1`.",
        "Write `format: 1` or leave it out; a file of a newer PyScrAI needs that one."),
    ErrorCode(
        "template.type",
        "A value has the wrong type.",
        "A number stands where a text is wanted, a text where a list is wanted, and so on. In YAML `1.0` is a "
        "number and `no` is a text.",
        "The cure names the form: put a text in quotes, a single entry in brackets."),
    ErrorCode(
        "template.missing",
        "A required field is missing.",
        "Every scenario has `name`, `premise`, `roles` and `flow`; every phase `speakers` and `next`; see [the "
        "language](../templates.md).",
        "Add the field where the message says."),
    ErrorCode(
        "template.unknown_field",
        "There is no field of that name here.",
        "A misspelling, or a field that stands in another place of the template. Inside of `{ }` a text with a "
        "comma is torn in two, and its second half looks like a field.",
        "Take the name that is proposed, or put the text in quotes."),
    ErrorCode(
        "template.value",
        "A value does not go with the others.",
        "Several fields together are impossible, for example two triggers that exclude each other.",
        "The message says what does not fit; leave one out."),
    ErrorCode(
        "template.choice",
        "The value is none of those that are possible.",
        "The field takes one of a few words, such as `order: round_robin`.",
        "Take the one that is proposed."),
    ErrorCode(
        "template.name",
        "A name or version is not of the right form.",
        "Templates: lower-case words with hyphens. Inside of a template: a lower-case letter, then letters, digits "
        "and `_`. Versions: three numbers, `1.0.0`. Names in the transcript: one line of plain letters.",
        "Write it in that form."),
    ErrorCode(
        "template.bound",
        "A number is out of its bounds.",
        "The field has a lowest or highest value.",
        "Take a value inside of them."),
    ErrorCode(
        "template.too_long",
        "A text or list is too long.",
        "A text of a template has at most 20,000 characters; other bounds are in [limits](../limits.md).",
        "Shorten it."),
    ErrorCode(
        "template.import",
        "The file cannot be imported.",
        "It is none of the formats that are known, or something in it cannot be carried over.",
        "TinyTroupe agents, character cards (JSON, PNG, charx) and original PyScrAI templates can be imported; a "
        "template of this PyScrAI needs no import."),
    ErrorCode(
        "template.picture",
        "A picture cannot be read.",
        "The PNG is broken, or holds no character card.",
        "Use the original picture: programs that convert pictures leave the card out."),
    ErrorCode(
        "template.card",
        "A character card cannot be read.",
        "Its text is no valid card of version 2 or 3.",
        "Save it again with the program that made it."),
    ErrorCode(
        "template.no_scenario",
        "There is not exactly one scenario.",
        "Drawing and playing a draft take one scenario, and the agents that belong to it.",
        "Send one document with `kind: scenario`."),
    ErrorCode(
        "template.version_conflict",
        "This version is stored already, with another content.",
        "Versions are immutable: runs refer to them. The content counts, not comments or the order of fields.",
        "Raise `version`, or play with `--draft`, which stores the next free version by itself."),
    ErrorCode(
        "template.in_use",
        "A template cannot be archived.",
        "Runs refer to it.",
        "Delete those runs first, or keep it."),
)
