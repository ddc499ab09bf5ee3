"""Check whether a model alias works, for ``pyscrai models check``."""

from __future__ import annotations

import time
from dataclasses import dataclass

from pyscrai.config.settings import Settings
from pyscrai.did_you_mean import listing
from pyscrai.engines.ports.model import Message, ModelRequest
from pyscrai.errors import PyscraiError
from pyscrai.llm import prices
from pyscrai.llm.models import Models


@dataclass(frozen=True, slots=True)
class Check:
    """The result of checking an alias; None where a step was not reached.

    ``listed`` says whether the endpoint's own list has the model; some endpoints have no list. ``latency_ms`` is the
    time of one small completion, ``tokens_per_second`` what it generated in that time.
    """

    alias: str
    model: str
    reachable: bool
    listed: bool | None = None
    answered: bool = False
    latency_ms: float | None = None
    tokens_per_second: float | None = None
    priced: bool | None = None
    reply: str = ""
    error: dict[str, object] | None = None

    @property
    def ok(self) -> bool:
        """Whether the alias can be used."""
        return self.answered


_REQUEST = ModelRequest((Message("user", ("Count from one to ten in words.",)),), max_tokens=24)


async def check(settings: Settings, name: str | None = None) -> Check:
    """Reach the alias's endpoint, look for its model and ask one small question.

    Whatever fails is in the result's ``error``; only an unknown alias raises.

    Raises:
        ConfigError: there is no such alias.
    """
    alias = settings.alias(name)
    reachable, listed = False, None
    known: tuple[str, ...] = ()
    async with Models(settings) as models:
        try:
            model = await models.get(alias.name)
            inner = getattr(model, "inner", model)
            if (lister := getattr(inner, "listed", None)) is not None:
                listed = await lister()
                known = getattr(inner, "known_models", ())
                reachable = True
            started = time.perf_counter()
            reply = await model.complete(_REQUEST)
            seconds = time.perf_counter() - started
        except PyscraiError as error:
            # A refusal is an answer too: somebody is there.
            reachable = reachable or "status" in error.details
            told = error.as_dict()
            if listed is False and known:
                told["cure"] = f"the endpoint has {listing(known)}: set `model` in [models.{alias.name}]"
            return Check(alias.name, alias.model, reachable, listed, error=told)
    made = reply.usage.completion_tokens
    return Check(
        alias.name, alias.model, reachable=True, listed=listed, answered=True, latency_ms=round(seconds * 1000, 1),
        tokens_per_second=round(made / seconds, 1) if made and seconds else None, priced=prices.known(alias),
        reply=reply.text.strip(),
    )
