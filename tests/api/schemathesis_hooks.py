"""Keeps streams short while Schemathesis explores the API: without an end of their own they would never end.

It also mends what the pinned Schemathesis's data generator misses in the pinned Hypothesis: ``many.more``, which became
an iterator. A newer Schemathesis, which needs none of it, does not go with LangGraph Studio's server.
"""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis.internal.conjecture.utils import many


def _more(self: Any) -> bool:
    if not hasattr(self, "_steps"):
        self.__enter__()
        self._steps = iter(self)
    for _ in self._steps:
        return True
    self.__exit__(None)
    return False


if not hasattr(many, "more"):
    many.more = _more


@schemathesis.hook
def before_call(context: Any, case: Any, **kwargs: Any) -> None:
    if case.operation.path.endswith("/stream"):
        case.query = {**(case.query or {}), "seconds": 0.05}
