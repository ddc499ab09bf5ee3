from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest
from sqlalchemy import text

from pyscrai.databases.columns import audience_of, audience_text, now, to_json
from pyscrai.databases.database import Database
from pyscrai.databases.repositories.api_keys import ApiKeys
from pyscrai.databases.text_ids import KnownTexts, digest


@pytest.mark.parametrize("audience", ["all", (), ("mayor",), ("engineer", "mayor")])
def test_audiences_come_back_as_they_were(audience: tuple[str, ...]) -> None:
    assert audience_of(audience_text(audience)) == audience


def test_texts_that_are_stored_alike_have_one_digest() -> None:
    assert digest("a\x00b") == digest("a\ufffdb")


def test_json_takes_what_json_has() -> None:
    assert to_json({"a": [1, 2.5, None, "ü"]}) == '{"a":[1,2.5,null,"ü"]}'
    assert orjson.loads(to_json(2**70)) == 2.0**70
    assert to_json({1: "x"}) == '{"1":"x"}'
    assert orjson.loads(to_json("plain")) == "plain"
    assert to_json("\ud83d") == '"\ufffd"'
    assert to_json({"a\x00": "\x00"}) == '{"a\ufffd":"\ufffd"}'
    assert to_json(r"\u0000") == r'"\\u0000"'


async def test_moments_are_in_utc_to_the_millisecond(database: Database) -> None:
    before = now()
    async with database.session() as session:
        row, _ = await ApiKeys(session).create("x", [])
        row.last_used_at = datetime(1969, 7, 20, 22, 17, 40, 123456, tzinfo=timezone(timedelta(hours=2)))
    async with database.read() as session:
        [row] = await ApiKeys(session).list()
        assert before <= row.created_at <= now()
        assert row.created_at.tzinfo is UTC
        assert row.last_used_at is not None
        assert abs(row.last_used_at - datetime(1969, 7, 20, 20, 17, 40, 123456, tzinfo=UTC)) < timedelta(milliseconds=1)
        if database.path:
            assert isinstance((await session.execute(text("SELECT created_at FROM api_keys"))).scalar(), int)


def test_texts_that_are_asked_for_stay_known_others_are_forgotten() -> None:
    known = KnownTexts(budget=2_000)
    known.learn({"stays": 1})
    for number in range(100):
        known.learn({f"text {number}": number + 2})
        found: dict[str, int] = {}
        assert known.look_up(["stays", "stays", f"text {number}"], found) == []
        assert found == {"stays": 1, f"text {number}": number + 2}
    assert known.look_up(["text 0", "text 0"], {}) == ["text 0"]
