"""What EXPERIMENT means on the command line: a file, which is stored, or one that is stored already."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from pyscrai.cli.scenario_argument import is_file
from pyscrai.errors import NotFound

if TYPE_CHECKING:
    from pyscrai.factories.services import Services
    from pyscrai.services.experiments.experiment_plan import ExperimentPlan

Experiment = Annotated[str, Parameter(name="EXPERIMENT", help="A file, or a stored experiment: `name`, `name@version`, "
                                                             "its id, or `last`. A shipped one by its name.")]


@asynccontextmanager
async def opened(experiment: str, *, amend: bool = False) -> AsyncIterator[tuple[Services, ExperimentPlan]]:
    """The services, and the experiment that a person means.

    Raises:
        NotFound: there is none.
        TemplateError: with every error of the file.
        VersionConflict: it is frozen and the file says something else.
    """
    from pyscrai.cli.services import opened_services

    async with opened_services() as services:
        yield services, await experiment_plan(services, experiment, amend=amend)


async def experiment_plan(services: Services, experiment: str, *, amend: bool = False) -> ExperimentPlan:
    """The stored experiment that a person means; that of a file, or a shipped one, is stored first.

    Raises: as ``opened``.
    """
    from getpass import getuser

    from pyscrai.experiments.library import load_shipped_experiment
    from pyscrai.experiments.reader import load_experiment
    from pyscrai.services.experiments.experiment_plan import load_plan
    from pyscrai.services.experiments.experiment_store import store_experiment

    if is_file(experiment):
        return await store_experiment(services, load_experiment(experiment, draft=True), amend=amend, actor=getuser())
    try:
        async with services.database.read() as session:
            return await load_plan(session, experiment)
    except NotFound:
        try:
            shipped = load_shipped_experiment(experiment)
        except NotFound:
            raise
        return await store_experiment(services, shipped, actor="shipped")
