"""Where sentences end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyscrai.engines.calls.sentences import first_sentences, sentences


@pytest.mark.parametrize(("text", "first"), [
    ("Mr. Smith paid. He left.", "Mr. Smith paid."), ("It took approx. 5 days. Then rain.", "It took approx. 5 days."),
    ("She likes fruit, e.g. pears. And wine.", "She likes fruit, e.g. pears."),
    ("Ask Dr. No, please. Now.", "Ask Dr. No, please."), ("No. I will not.", "No."),
    ("“No. I will not.” Fine.", "“No."),
    ("It is no. 5 on the list. Good.", "It is no. 5 on the list."), ("The U.S. is big. Yes.", "The U.S. is big."),
    ("It cost 5.40 in all. Fine.", "It cost 5.40 in all."), ("私は雪乃です。元気ですか？はい！", "私は雪乃です。"),
    ("Wait… what? Yes.", "Wait… what?"), ("«Oui.» dit-il. Bon.", "«Oui.» dit-il."), ("¿Qué? Nada.", "¿Qué?"),
    ("We meet at 5 p.m. on Jan. 5 in St. Louis. Come!", "We meet at 5 p.m. on Jan. 5 in St. Louis."),
    ("J. R. R. Tolkien wrote it. Fine.", "J. R. R. Tolkien wrote it."), ("no end", "no end"), ("", "")])
def test_the_first_sentence(text: str, first: str) -> None:
    assert first_sentences(text, 1) == first


@given(st.text(st.sampled_from("Ab .!?。…\n\"“”’*No5"), max_size=80))
@settings(max_examples=200, deadline=None)
def test_sentences_are_the_text(text: str) -> None:
    assert "".join(sentences(text)) == text
