"""The experiments that ship with PyScrAI."""

from __future__ import annotations

from importlib import resources

from pyscrai.did_you_mean import instead
from pyscrai.errors import NotFound
from pyscrai.experiments.reader import LoadedExperiment, read_experiment


def shipped_experiments() -> dict[str, str]:
    """The shipped experiments' names and texts."""
    folder = resources.files("pyscrai.experiments").joinpath("shipped")
    return {file.name.removesuffix(".yaml"): file.read_text(encoding="utf-8")
            for file in sorted(folder.iterdir(), key=lambda file: file.name) if file.name.endswith(".yaml")}


def load_shipped_experiment(reference: str) -> LoadedExperiment:
    """A shipped experiment by its ``name`` or ``name@version``.

    Raises:
        NotFound: there is none of that name.
    """
    name, _, version = reference.partition("@")
    texts = shipped_experiments()
    if name in texts:
        # Its scenario may stand in a file beside it.
        place = resources.files("pyscrai.experiments").joinpath("shipped", f"{name}.yaml")
        loaded = read_experiment(texts[name], file=str(place))
        if version in ("", loaded.template.version):
            return loaded
    raise NotFound(f"no experiment fits {reference}", cure=instead(name, list(texts)) + "; `pyscrai experiment list` "
                   "shows what is stored", experiment=reference)
