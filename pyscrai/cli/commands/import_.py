"""Templates of other programs' files: shown, or written to a folder, with what could not be carried over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pyscrai.cli.scenario_argument import shipped_agents
from pyscrai.cli.terminal import output
from pyscrai.errors import ConfigError
from pyscrai.templates.importing.importer import import_files
from pyscrai.templates.yaml_writer import dump_yaml


def import_templates(files: Sequence[Path], folder: Path | None, *, force: bool, as_json: bool) -> None:
    """Import files; the templates go to stdout as YAML, or to a folder, a file each.

    Raises:
        NotFound, TemplateError: a file cannot be read, or is none of the known formats.
        ConfigError: a file of the folder is there already, or cannot be written.
    """
    found = import_files(files, known={agent.name for agent in shipped_agents().values()})
    targets = [None if folder is None else folder / f"{template.name}.yaml" for template in found.templates]
    there = [str(target) for target in targets if target is not None and target.exists()]
    if there and not force:
        raise ConfigError(f"already there: {', '.join(there)}", code="output.exists",
                          cure="name another folder with --output, or write over them with --force")
    if folder is not None:
        with output.writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
    for index, (template, target) in enumerate(zip(found.templates, targets, strict=True)):
        text = dump_yaml(template)
        if target is not None:
            output.write_file(target, text)
        if as_json:
            line: dict[str, Any] = {"kind": template.kind, "name": template.name, "template": template.content(),
                                    "file": str(target) if target else None}
            output.json_line(line)
        elif target is not None:
            output.say(f"wrote {template.kind} {template.name} to {target}")
        else:
            output.write([*(["---\n"] if index else []), text])
    if as_json:
        output.json_line({"templates": len(found.templates), "notes": list(found.notes)})
    elif found.notes:
        output.note("not carried over as it was:")
        for note in found.notes:
            output.note(f"  {note}")
