"""The line of a first run with nothing configured: the models that can be used here."""

from __future__ import annotations

import os

from pyscrai.cli.terminal import output
from pyscrai.config.settings import Settings, config_file


def is_first_run(settings: Settings) -> bool:
    """Whether nothing is configured and nothing was stored yet."""
    if os.environ.get("PYSCRAI_MODEL") or os.environ.get("PYSCRAI_DATABASE_URL") or config_file() is not None:
        return False
    return not (settings.data_dir / "pyscrai.db").exists()


async def tell_models(settings: Settings) -> None:
    """Say in one line what can be used beside the embedded model."""
    # Imported here: an HTTP client takes 0.1 s, and later runs need none.
    from pyscrai.llm.model_detection import detect, in_one_line

    found = in_one_line(await detect())
    output.note(f"you can use --model {found}; without --model the embedded model plays" if found
                else "the embedded model plays, with no key and no network; `pyscrai models detect` finds others")
