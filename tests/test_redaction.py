"""Keys in any form, whole or halved, and URLs that hold secrets; and no word that only looks like part of one."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyscrai.redaction import SHORTEST_KEY, Redaction, public_url

KEY = 'sk-Ve"ry+Secret/1234567890='
KEYS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=SHORTEST_KEY, max_size=60)


@pytest.mark.parametrize("form", [
    KEY, json.dumps(KEY), quote(KEY, safe=""), f"https://host/v1?key={quote(KEY)}&x=1", KEY.upper(), KEY.encode().hex(),
    base64.b64encode(KEY.encode()).decode(), base64.b64encode(f"user:{KEY}".encode()).decode(),
    base64.b64encode(f"Bearer {KEY}".encode()).decode(), base64.urlsafe_b64encode(f"a:{KEY}".encode()).decode(),
    KEY[:len(KEY) // 2], KEY[len(KEY) // 2:], f"({KEY[:14]}...)",
], ids=range(13))
def test_a_key_is_cut_out_in_every_form(form: str) -> None:
    assert Redaction(KEY).cut(f"the key {form} is wrong") == "the key [key] is wrong"


@pytest.mark.parametrize("form", [
    "-".join(KEY), " ".join(KEY), "\u200b".join(KEY), "".join(f"&#{ord(c)};" for c in KEY),
    "".join(f"\\u{ord(c):04x}" for c in KEY), "".join(f"\\x{ord(c):02x}" for c in KEY),
    "".join(f"%{ord(c):02x}" for c in KEY), quote("".join(f"&#x{ord(c):x};" for c in KEY))], ids=range(8))
def test_words_in_which_a_key_is_hidden_are_left_out(form: str) -> None:
    said = Redaction(KEY).cut(f"the key {form} is wrong")
    assert said in ("[words that hold the key]", "the key [key] is wrong", "the key [key]\n[key] is wrong")


@settings(max_examples=100)
@given(KEYS, st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=9), st.integers(0, 2))
def test_any_key_in_base64_with_something_before_and_after(key: str, before: str, offset: int) -> None:
    coded = base64.b64encode(f"{before}{key}{'x' * offset}".encode()).decode()
    for form in (key, json.dumps(key), quote(key, safe=""), coded):
        assert Redaction(key).cut(f"said {form} twice") == "said [key] twice"


@pytest.mark.parametrize("key", [None, "x", "none", "test", "EMPTY", "ollama", "lm-studio", "not-needed"])
def test_a_word_is_no_key(key: str | None) -> None:
    said = f"nonetheless the test of {key} at ollama with lm-studio is not-needed"
    assert Redaction(key).cut(said) == said


def test_other_words_stay() -> None:
    said = "Incorrect API key provided: see https://example.org/account for your sk- key."
    assert Redaction(KEY).cut(said) == said
    assert KEY not in repr(Redaction(KEY))


@pytest.mark.parametrize(("url", "shown"), [
    ("http://127.0.0.1:1234/v1", "http://127.0.0.1:1234/v1"),
    ("https://host/v1?api-version=2026-01-01&api_key=abc", "https://host/v1?api-version=2026-01-01&api_key=***"),
    ("https://host/v1?key=abc#abc", "https://host/v1?key=***"),
    ("postgresql://ann:pw@host/db?sslmode=require&password=pw", "postgresql://ann:***@host/db?sslmode=require&password=***"),
    ("https://token@host/v1", "https://***@host/v1"),
    ("postgresql:///db?host=/tmp&options=-c%20password=pw", "postgresql:///db?host=/tmp&options=***"),
    ("http://[bad/v1?key=abc", "***"),
    ("https://host/v1?%6bey=abc", "https://host/v1?%6bey=***"),
])
def test_urls_are_shown_without_secrets(url: str, shown: str) -> None:
    assert public_url(url) == shown
