"""Modules as one script, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pyscrai.viewer.classic_script import UnreadModule, classic_script
from pyscrai.viewer.web_files import sources

NODE = Path(sys.executable).parent / "node"


def run(script: str) -> str:
    return subprocess.run([NODE, "-e", script], capture_output=True, text=True, check=True).stdout.strip()


def test_every_form_of_import_and_export_that_is_used() -> None:
    script = classic_script({
        "main.js": 'import whole, { two as second, Three } from "./lib/a.js";\nimport * as b from "./lib/b.js";\n'
                   'import "./c.js";\nconsole.log(whole, second(), new Three().x, b.four, b.five, b.six);\n',
        "lib/a.js": 'export default 1;\nexport function two() { return 2; }\nexport class Three { x = 3 }\n',
        "lib/b.js": 'export{g as six}from"./g.js";const a=4,c=5;export{a as four,c as five};\n',
        "lib/g.js": "export const g = 6;\n",
        "c.js": '// import nothing from "x.js"\n/** export nothing */\n'
                '/*\nexport function gone() {}\n*/\n//export const no = 1\nexport const unused = 0;\n'})
    assert run(script) == "1 2 3 4 5 6"


def test_modules_run_once_and_in_order() -> None:
    script = classic_script({
        "main.js": 'import { a } from "./a.js";\nimport { b } from "./b.js";\nconsole.log(a + b);\n',
        "a.js": 'import { c } from "./c.js";\nexport const a = c;\n',
        "b.js": 'import { c } from "./c.js";\nexport const b = c;\n',
        "c.js": 'console.log("once");\nexport const c = 1;\n'})
    assert run(script) == "once\n2"


@pytest.mark.parametrize("modules", [
    {"main.js": 'import { a } from "./gone.js";\n'},
    {"main.js": 'import { a } from "./a.js";\n', "a.js": 'import { m } from "./main.js";\nexport const a = 1;\n'},
    {"main.js": 'export var x = 1;\n'}, {"main.js": 'export * from "./a.js";\n', "a.js": "export const a = 1;\n"}])
def test_what_cannot_be_read_is_refused(modules: dict[str, str]) -> None:
    with pytest.raises(UnreadModule):
        classic_script(modules)


def test_the_viewer_itself_becomes_a_script_that_parses() -> None:
    script = classic_script({name: path.read_text(encoding="utf-8") for name, path in sources().items()
                             if path.suffix == ".js"})
    checked = subprocess.run([NODE, "--check", "-"], input=script, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr[:2000]
