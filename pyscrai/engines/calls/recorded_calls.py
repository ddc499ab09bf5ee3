"""The calls that the journal holds for one place: each is used once, and only as the answer to its own question."""

from __future__ import annotations

from collections.abc import Iterator

from pyscrai.engines.place import Place
from pyscrai.engines.ports.model import ModelRequest
from pyscrai.engines.ports.record import CallKey, CallRecord, Record, question_digest
from pyscrai.errors import ModelClosed, ModelError, ReplyError

TOOL = "tool:"
"""The prefix of the alias of a tool."""

MENDED, GIVEN_UP = "mended", "given_up"
"""Fields of a recorded error: the question was put again; the play went on without an answer."""


class RecordedCalls:
    """The calls that were recorded at a place when the work on it began, in their order.

    Args:
        whole: the calls of the place that this one is apart from; earlier versions recorded there what is now apart.
    """

    def __init__(self, record: Record, place: Place, whole: RecordedCalls | None = None) -> None:
        self._place, self._closed, self._whole = place, record.closed, whole
        self._calls: list[CallRecord] = []
        while (call := record.recall(place.call(len(self._calls)))) is not None:
            self._calls.append(call)
        self._unused = dict.fromkeys(range(len(self._calls)))
        self._next = len(self._calls)

    def take(self, question: bytes, *, purpose: str, alias: str | None = None) -> CallRecord | None:
        """The first unused call that asks this question, or None; it counts as used from now on.

        Args:
            alias: the tool's, for the use of a tool.
        """
        place = self._find(question, purpose, alias)
        if place is None:
            return None if self._whole is None else self._whole.take(question, purpose=purpose, alias=alias)
        del self._unused[place]
        return self._calls[place]

    def holds(self, question: bytes, *, purpose: str) -> bool:
        """Whether an unused call asks this question."""
        return self._find(question, purpose, None) is not None or (
            self._whole is not None and self._whole.holds(question, purpose=purpose))

    def _find(self, question: bytes, purpose: str, alias: str | None) -> int | None:
        fitting = [index for index in self._unused if self._calls[index].purpose == purpose and (
            self._calls[index].alias == alias if alias else not self._calls[index].alias.startswith(TOOL))]
        same = next((index for index in fitting if _question(self._calls[index]) == question), None)
        if same is None and self._closed:
            # Earlier versions recorded no digest: in a replay the events tell whether the play is the same.
            return next((index for index in fitting if self._calls[index].question is None), None)
        return same

    def any_after(self, call: CallRecord) -> bool:
        """Whether there are unused calls that were made after this one: the play went on from it."""
        if self._whole is not None and call.key.task != self._place.label:
            return self._whole.any_after(call)
        return any(self._calls[index].key.ordinal > call.key.ordinal for index in self._unused)

    @property
    def begun(self) -> bool:
        """Whether a question was asked here, or at the place that this one is apart from."""
        return self._next > 0 or (self._whole is not None and self._whole.begun)

    def next_key(self) -> CallKey:
        """The key of a new call, behind all that are recorded."""
        self._next += 1
        return self._place.call(self._next - 1)

    def unused(self) -> Iterator[CallRecord]:
        """The calls that nothing asked for; they count as used from now on."""
        while self._unused:
            index = next(iter(self._unused))
            del self._unused[index]
            yield self._calls[index]


def _question(call: CallRecord) -> bytes:
    return call.question or question_of(call.purpose, call.request, call.alias)


def question_of(purpose: str, request: ModelRequest, alias: str) -> bytes:
    """The digest of a question; the use of a tool is one to the tool."""
    return question_digest(alias if alias.startswith(TOOL) else purpose, request)


def recorded_fault(call: CallRecord) -> ReplyError | None:
    """Why a recorded reply was found unusable."""
    if call.error is None:
        return None
    return ReplyError(str(call.error.get("message", "")))


def model_error(call: CallRecord) -> ModelError:
    """The error with which a recorded call failed."""
    details = {name: value for name, value in (call.error or {}).items() if name not in (MENDED, GIVEN_UP)}
    kind = ModelClosed if details.get("code") == ModelClosed.code else ModelError
    return kind(str(details.pop("message", "")), cure=details.pop("cure", None), code=details.pop("code", None),
                **details)
