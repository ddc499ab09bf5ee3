"""Who hears what: one function for prompts, views, exports and the API."""

from __future__ import annotations

import pytest

from pyscrai.audience import ACTS, heard, hears, without_kept_back
from pyscrai.events import EVENT
from pyscrai.exports.transcript_entry import heard_by

KINDS = sorted(EVENT.json_schema()["discriminator"]["mapping"])


def test_a_role_knows_what_it_did_itself_and_what_reaches_it() -> None:
    assert hears("bob", audience=(), speaker="bob")
    assert hears("bob", audience=("ann", "bob"), speaker="ann")
    assert hears("bob", audience="all", speaker=None)
    assert not hears("bob", audience=("ann",), speaker="cat")


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_in_words_is_not_the_speaker(kind: str) -> None:
    assert heard("bob", kind=kind, audience=("ann",), source="bob") == (kind in ACTS)
    assert heard("bob", kind=kind, audience=("bob",), source=None)


@pytest.mark.parametrize("kind", ["inject", "control", "variable_changed", "change_refused", "run_forked"])
def test_whoever_is_named_as_their_source_does_not_hear_of(kind: str) -> None:
    assert kind in KINDS
    assert not heard("bob", kind=kind, audience=(), source="bob")


def test_every_act_is_a_kind_of_event() -> None:
    assert set(KINDS) >= ACTS


def test_the_parameters_of_a_run_are_for_operators() -> None:
    fields = {"premise": "A test.", "parameters": {"murderer": "ann"}}
    assert without_kept_back("run_started", fields) == {"premise": "A test."}
    assert without_kept_back("utterance", fields) is fields
    line = {"kind": "run_started", "audience": "all", "source": "run", **fields}
    assert [*heard_by([line], "bob")] == [{name: value for name, value in line.items() if name != "parameters"}]
