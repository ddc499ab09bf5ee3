"""Replies made into speech."""

from __future__ import annotations

import contextlib
import json
import random
import time

import pytest

from pyscrai.engines.calls.json_reply import parse
from pyscrai.engines.calls.sentences import before_quotations, first_sentences, whole_sentences
from pyscrai.engines.calls.speech import clean, cut_at_speakers, repeated
from pyscrai.engines.calls.streamed_field import StreamedField
from pyscrai.engines.folded_text import contains_phrase
from pyscrai.errors import ReplyError
from pyscrai.margin import inside_margin

OTHERS = ("Ben", "Mayor Ruiz")


@pytest.mark.parametrize(("reply", "said"), [
    ("Ada: I am here.", "I am here."), ("**Ada:** I am here.", "I am here."), ("ada (smiling): Hello.", "Hello."),
    ("[Ada]: Hello.", "Hello."), ("Ada: Ada: Twice.", "Twice."), ('"Well met."', "Well met."),
    ("“Well met.”", "Well met."),
    ('"Yes," she said, "no."', '"Yes," she said, "no."'), ("I see.\nBen: So do I.", "I see."),
    ("I see.\n**Ben**: So do I.", "I see."), ("I see.\nMayor Ruiz (coughs): Order!", "I see."),
    ("I met Ben: he is fine.", "I met Ben: he is fine."), ("Bennett: a name like Ben", "Bennett: a name like Ben"),
    ("  spaced  ", "spaced"), ("*Hello.*", "Hello."), ("One.\n\n\n\nTwo.", "One.\n\nTwo."),
    ("Ja, ça va…", "Ja, ça va…"), ("**Never.** I was home.", "**Never.** I was home."),
    ("She said *no*", "She said *no*"), ("**Ada: Hello.**", "Hello."), ("*Ada:* Hello *you*.", "Hello *you*."),
    ("Ada：您好。", "您好。"), ('"Ada: Hello."', "Hello."),
    ('"Ada: so," he wrote, "is it."', '"Ada: so," he wrote, "is it."'),
    ('He wrote: "Ben: come home." I cried.', 'He wrote: "Ben: come home." I cried.'),
    ("She read: “Dear all.\nBen: you were right.” Then she left.",
     "She read: “Dear all.\nBen: you were right.” Then she left."),
    ('"Well met." Ben: "Yes."', "Well met."), ("👍", "👍"), ("I see.\r\nBen: So do I.", "I see."),
    ("I see.\u2028Ben: So do I.", "I see."), ("* one\n* two", "* one\n* two"), ("_whispering_", "whispering"),
    ("I see. Mayor Ruiz： Order!", "I see."), ("“It goes on and on", "It goes on and on")])
def test_clean(reply: str, said: str) -> None:
    assert clean(reply, name="Ada", others=OTHERS) == said


def test_the_name_of_a_speaker_in_another_script() -> None:
    assert clean("雪乃：はい。", name="雪乃", others=["健太"]) == "はい。"
    assert clean("はい。健太：いいえ。", name="雪乃", others=["健太"]) == "はい。"
    assert clean("はい！いいえ？そう。", name="雪乃", others=[], max_sentences=2) == "はい！いいえ？"


@pytest.mark.parametrize("text", ["\n", " ", "*", "Ada:", "Ada ", '"', "“", "(", "```\n", "No. ", "a",
                                  "Ada (", ". Ben:"])
def test_the_work_grows_no_faster_than_the_text(text: str) -> None:
    def seconds(size: int) -> float:
        said = "I see. " + text * (size // len(text))
        begun = time.process_time()
        for _ in range(3):
            with contextlib.suppress(ReplyError):
                clean(said, name="Ada", others=OTHERS, max_sentences=3)
            whole_sentences(said)
            before_quotations(said)
            with contextlib.suppress(ReplyError):
                parse(said, {"type": "object"})
            contains_phrase(said, "no deal")
            inside_margin(said)
        return time.process_time() - begun

    small = max(seconds(10_000), 0.002)
    assert seconds(80_000) < small * 24, "eight times the text may take about eight times as long"


@pytest.mark.parametrize("reply", ["", "   ", "Ada:", "...", "Ben: I speak for you.", "\n\nBen: hm", "**"])
def test_nothing_said_is_an_error(reply: str) -> None:
    with pytest.raises(ReplyError):
        clean(reply, name="Ada", others=OTHERS)


@pytest.mark.parametrize(("count", "said"), [(1, "One."), (2, "One. Two!"), (3, 'One. Two! "Three?"'), (9, None)])
def test_speech_is_cut_after_whole_sentences(count: int, said: str | None) -> None:
    text = 'One. Two! "Three?" And no end'
    assert first_sentences(text, count) == (said or text)


def test_a_name_that_is_part_of_another_cuts_nothing() -> None:
    assert cut_at_speakers("Bennett: hello", ["Ben"]) == "Bennett: hello"
    assert cut_at_speakers("text", []) == "text"


@pytest.mark.parametrize("text", ["plain", 'with "quotes" and \\ and \n lines', "ünï ✓ \U0001f600 end", ""])
def test_a_field_streams_as_it_will_be_read(text: str) -> None:
    for ascii_only in (True, False):
        whole = json.dumps({"other": 1, "text": text, "to": "text: no"}, ensure_ascii=ascii_only)
        for seed in range(20):
            chance, rest, shown = random.Random(seed), whole, []
            field = StreamedField("text", shown.append)
            while rest:
                size = chance.randint(1, 5)
                field(rest[:size])
                rest = rest[size:]
            joined = "".join(shown)
            assert joined.encode("utf-16", "surrogatepass").decode("utf-16") == text, (seed, ascii_only)


@pytest.mark.parametrize(("text", "earlier", "found"), [
    ("I think you can find a good deal.", "I think you can find a good deal. I offer 6000.", True),
    ("The café is still small, with a dim light.", "The café is small, with a dim light from a window.", False),
    ("I offer 6000 dollars for it.", "I offer 6200 dollars for it.", False),
    ("Yes.", "Yes.", True), ("Yes.", "No.", False), ("", "Something.", False),
    ("Rain, Rain. RAIN!", "rain rain rain", True),
])
def test_what_counts_as_said_before(text: str, earlier: str, found: bool) -> None:
    assert repeated(text, ["Something else was said here.", earlier]) == (earlier if found else None)


@pytest.mark.parametrize(("text", "whole"), [
    ("It ended well. Both were con", "It ended well."), ("## One\nThey met.\n\n## Two\nThen the", "## One\nThey met."),
    ("It cost 5.40 in all. “Fine,” she said.” And", "It cost 5.40 in all. “Fine,” she said.”"), ("no end", "no end"),
])
def test_a_text_that_breaks_off_ends_with_its_last_whole_sentence(text: str, whole: str) -> None:
    assert whole_sentences(text) == whole


def test_another_speaker_may_not_begin_within_the_line() -> None:
    said = clean("The rate is high. Priya: But we have a plan.", name="Marek", others=["Priya", "Aisha"])
    assert said == "The rate is high."
    assert clean("Ask Priya: she knows. It was her: Priya", name="Marek", others=["Priya"]).endswith("Priya")


@pytest.mark.parametrize(("text", "kept"), [
    ("The rain stops. Lee says, \"No, I can't.\" He leaves.", "The rain stops."), ("“Stop!” cries Lee.", ""),
    ("Nobody speaks. The lamp goes out.", "Nobody speaks. The lamp goes out."),
])
def test_a_narrators_line_ends_before_somebody_is_quoted(text: str, kept: str) -> None:
    assert before_quotations(text) == kept
