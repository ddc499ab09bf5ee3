"""The place of work in a run: its keys, and what an activation's place is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pyscrai.engines.place import Place

ROLES = st.sampled_from(["a", "b", "a.judge", "judge"])
TASKS = st.sampled_from(["speak", "resolve", "moderate", "observe", "judge", "measure", "report"])
PLACES = st.builds(Place, st.integers(0, 3), ROLES.filter(lambda role: "." not in role), TASKS,
                   st.sampled_from(["", "1", "2", "after"]))


def test_the_first_goal_keeps_the_keys_of_earlier_versions() -> None:
    place = Place.of({"role": "eye", "task": "judge", "turn": 4, "goal": 0})
    assert place == Place(4, "eye", "judge")
    assert (place.call(2).turn, place.call(2).role, place.call(2).task, place.call(2).ordinal) == (4, "eye", "judge", 2)
    keys = place.watch_keys()
    assert [keys(), keys()] == ["t4.eye.judge", "t4.eye.judge.1"]
    turn = Place.of({"role": "ann", "task": "speak", "turn": 4}).turn_keys()
    assert [turn(), turn()] == ["t4", "t4.1"]
    assert Place.of({"role": "god", "task": "moderate", "turn": 4}).turn_keys()() == "t4.moderate"


def test_another_goal_has_a_place_of_its_own() -> None:
    first, second = (Place.of({"role": "eye", "task": "judge", "turn": 4, "goal": goal}) for goal in (0, 1))
    assert first.call(0) != second.call(0)
    assert second.watch_keys()() == "t4.eye.judge:1"


@settings(max_examples=200, deadline=None)
@given(PLACES, PLACES, st.integers(0, 3), st.integers(0, 3))
def test_places_that_differ_share_no_key(one: Place, other: Place, ordinal: int, number: int) -> None:
    if one == other:
        return
    assert one.call(ordinal) != other.call(ordinal)
    watched = [place.watch_keys() for place in (one, other)]
    keys = [{keys() for _ in range(3)} | {place.note_key(ordinal, str(number))}
            for keys, place in zip(watched, (one, other), strict=True)]
    assert not keys[0] & keys[1]
