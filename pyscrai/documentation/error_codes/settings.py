"""Codes of settings, commands, files and the database."""

from __future__ import annotations

from pyscrai.documentation.error_code import ErrorCode

CODES = (
    ErrorCode(
        "pyscrai.error",
        "An error without a code of its own.",
        "The message says what.",
        "The cure says what helps, where one is known."),
    ErrorCode(
        "internal",
        "Something unforeseen happened.",
        "A fault of PyScrAI.",
        "`PYSCRAI_DEBUG=1` shows where. Report it."),
    ErrorCode(
        "usage",
        "The command line is wrong.",
        "An unknown command or option, or a value of the wrong form.",
        "`pyscrai COMMAND --help` lists what it takes."),
    ErrorCode(
        "config.invalid",
        "A setting cannot be used.",
        "A value in `pyscrai.toml` or a `PYSCRAI_*` variable has the wrong type or bounds, or the field does not "
        "exist.",
        "The message names file, field and value. See [settings](../reference/settings.md)."),
    ErrorCode(
        "config.extra",
        "A library that this command needs is not installed.",
        "It belongs to an extra, which playing does not need.",
        "Install the extra that is named: `pip install 'pyscrai[mcp]'`."),
    ErrorCode(
        "config.syntax",
        "`pyscrai.toml` is no valid TOML.",
        "A quote or bracket is missing at the place that is named.",
        "Correct it there."),
    ErrorCode(
        "config.file_missing",
        "The settings file is not there.",
        "`PYSCRAI_CONFIG` names a file that does not exist.",
        "Correct the path, or unset the variable."),
    ErrorCode(
        "config.options",
        "Options exclude each other or have impossible values.",
        "See the message.",
        "Give one of them."),
    ErrorCode(
        "config.unknown_alias",
        "There is no model alias of that name.",
        "A template, `--model` or `PYSCRAI_MODEL` names an alias that is neither built in nor in `pyscrai.toml`, "
        "and has no provider's prefix.",
        "`pyscrai models list` shows the aliases; `openai:MODEL`, `ollama:MODEL` and kin need none."),
    ErrorCode(
        "config.key_missing",
        "The key of a model alias is not set.",
        "`api_key_env` names an environment variable that is empty.",
        "Export it, or choose another alias such as `embedded`."),
    ErrorCode(
        "config.key_invalid",
        "The key of a model alias is no key.",
        "It holds a line break or another character that no key has; often one was copied with it.",
        "Export it again, on one line."),
    ErrorCode(
        "config.unknown_tool",
        "There is no tool of that name.",
        "It neither ships nor is an allowed import path.",
        "Take one that ships: `dice`, `read_variable`, `look_up`."),
    ErrorCode(
        "config.tool_not_allowed",
        "The tool is not allowed here.",
        "A template names an import path, or a tool of an MCP server, that is not on the operator's list.",
        "Add it to `tools_allowed` in `pyscrai.toml`, if you trust it: it runs in PyScrAI's process. For a tool of an "
        "MCP server declare `[mcp_servers.NAME]`."),
    ErrorCode(
        "config.mcp_server",
        "An MCP server cannot be used.",
        "Its program cannot be started or ends at once, its address does not answer, or it takes too long to start.",
        "Start its command by hand and look; correct `[mcp_servers.NAME]` in `pyscrai.toml`."),
    ErrorCode(
        "config.mcp_packages",
        "Tools of MCP servers need packages that are not installed.",
        "A template gives a role a tool `mcp:SERVER/TOOL`.",
        "`pip install 'pyscrai[mcp]'`."),
    ErrorCode(
        "config.tool",
        "A tool cannot be used.",
        "Its package is missing, its path leads to nothing, or two tools of a role have one name.",
        "Install the package and correct the path."),
    ErrorCode(
        "config.address",
        "The server cannot listen there.",
        "Another program uses the port, or the address is not this machine's.",
        "Choose another with `--port` or `--host`."),
    ErrorCode(
        "config.no_keys",
        "The server would be open to other machines without a key.",
        "`host` is not loopback, and no API key exists.",
        "`pyscrai keys create NAME`, or listen on 127.0.0.1."),
    ErrorCode(
        "keys.name_taken",
        "A key of that name exists.",
        "Names say who did something, so they are used once.",
        "Choose another name."),
    ErrorCode(
        "output.file",
        "A file cannot be written.",
        "The folder does not exist or may not be written to, there is no room, or the ending names no format.",
        "Name another with `--output`."),
    ErrorCode(
        "output.exists",
        "Files are there already.",
        "They would be written over.",
        "Name another folder or file, or write over them with `--force` where the command has it."),
    ErrorCode(
        "new.kind",
        "There is no such kind of play to begin with.",
        "A misspelling in `--kind`, or a number that is not in the list.",
        "`pyscrai new` without `--kind` lists them."),
    ErrorCode(
        "new.who",
        "An answer does not say who takes part.",
        "A name or a description is missing, two have the same name, or there are too few or too many.",
        "Write a name, a colon and who it is, once for each: `--who \"Ina: a student who needs money\"`."),
    ErrorCode(
        "output.binary",
        "A terminal cannot show this.",
        "The format is no text.",
        "Name a file with `--output`, or send it through a pipe."),
    ErrorCode(
        "config.missing_extra",
        "A setting needs a package that is not installed.",
        "What few need is an extra of PyScrAI's, and not installed with it.",
        "Install the extra that the cure names, or take the setting back."),
    ErrorCode(
        "export.exists",
        "The folder to export into is not empty.",
        "Nothing is written over.",
        "Name a folder that is not there yet."),
    ErrorCode(
        "export.unavailable",
        "The export cannot be written.",
        "The server writes what it sends into a temporary file first, and there is no room for it.",
        "Make room in the server's folder for temporary files, or name another one with `TMPDIR`."),
    ErrorCode(
        "report.none",
        "The run has no report.",
        "Its scenario has no `analysis` with `report: true`, or the run has not ended.",
        "`pyscrai measure RUN --report` makes one for a run that has an Analyst."),
    ErrorCode(
        "docs.missing",
        "The documentation was not built.",
        "A checkout of the source holds its sources alone; a wheel carries the pages.",
        "`make docs` builds it."),
    ErrorCode(
        "docs.page",
        "The documentation has no such page.",
        "A misspelling.",
        "`pyscrai docs` opens the first page, which has a search."),
    ErrorCode(
        "docs.code",
        "There is no such error code.",
        "A misspelling.",
        "Take the one that is proposed; all are on [the page of errors](../reference/errors.md)."),
    ErrorCode(
        "storage.failed",
        "The database cannot be used.",
        "The message has its reason.",
        "Check the database and the disk."),
    ErrorCode(
        "storage.url",
        "The URL of the database cannot be used.",
        "It is of an unknown kind, cannot be read, or names SQLite in memory, which connections cannot share.",
        "Write `sqlite:///FILE` or `postgresql://USER@HOST/NAME`."),
    ErrorCode(
        "storage.unreachable",
        "The database cannot be opened.",
        "The server does not run, or the file's folder does not exist.",
        "Check that it runs and `PYSCRAI_DATABASE_URL` is right. Runs that were playing wait, and go on when it is "
        "back."),
    ErrorCode(
        "storage.busy",
        "All connections are in use.",
        "More is asked at once than the database takes.",
        "Try again."),
    ErrorCode(
        "storage.locked",
        "Another program holds a lock.",
        "For SQLite: a backup or a shell with an open transaction.",
        "Close it, or try again. Runs wait meanwhile."),
    ErrorCode(
        "storage.full",
        "The disk is full.",
        "The message names it.",
        "Free some space; runs wait and then go on."),
    ErrorCode(
        "storage.readonly",
        "The database can be read and not written to.",
        "The file or its folder belongs to another user.",
        "`show` and `export` work; to play, set `PYSCRAI_DATABASE_URL` to a file of your own."),
    ErrorCode(
        "storage.schema",
        "Tables or columns are missing.",
        "The database was made by an earlier version.",
        "`pyscrai db upgrade`"),
    ErrorCode(
        "storage.newer",
        "A newer PyScrAI made this database.",
        "It is never touched by an older one.",
        "Install that version, or name another database."),
    ErrorCode(
        "storage.migration",
        "The tables could not be brought up to date.",
        "The message has the database's reason; nothing was changed.",
        "Restore a copy or report it."),
    ErrorCode(
        "storage.damaged",
        "The file is no SQLite database, or is damaged.",
        "Another kind of file, or a disk that failed.",
        "Choose another file, or restore a copy."),
    ErrorCode(
        "storage.refused",
        "The database did not take a record.",
        "The message has its reason.",
        "Report it. What was not recorded is played again at `resume`."),
    ErrorCode(
        "storage.closed",
        "The record is closed.",
        "Something wrote after the end.",
        "Report it."),
    ErrorCode(
        "config.pg_dump",
        "PostgreSQL's own tool for copies is missing.",
        "`pg_dump` is not on the path, or is older than the server.",
        "Install the client of PostgreSQL in the server's version."),
    ErrorCode(
        "config.target",
        "The file to write a copy into exists.",
        "Nothing is written over.",
        "Name a file that does not exist."),
)
