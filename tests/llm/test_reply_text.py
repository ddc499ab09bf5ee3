"""What of an output is the reply."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pyscrai.llm.openai.reply_text import LONGEST_REPLY, VisibleText, unfenced, visible

HARMONY = ("<|channel|>analysis<|message|>We should greet.<|end|><|start|>assistant<|channel|>final<|message|>"
           "Hello!<|return|>")


@pytest.mark.parametrize(("output", "prefix", "text"), [
    ("hello", "", "hello"),
    ("  hello", "", "  hello"),
    ("Ann: hello", "Ann:", " hello"),
    ("hello", "Ann:", "hello"),
    ("Ann: Ann: x", "Ann:", " Ann: x"),
    ("", "Ann:", ""),
    ("An", "Ann:", "An"),
    # reasoning
    ("<think>a</think>b", "", "b"),
    ("\n<think>a\n</think>\n\nAnn: b", "Ann:", " b"),
    ("<think>never ends", "", ""),
    ("a <think>b</think>", "", "a "),
    ("a <think>b</think> c", "", "a c"),
    ("a<think>b</think> c", "", "a c"),
    ("Hello <think>never ends", "", "Hello "),
    ("<THINK>a</THINK>b", "", "b"),
    ("<thinking>a</thinking>b", "", "b"),
    ("<thought>a</thought>b", "", "b"),
    ("<reasoning>a</reasoning>b", "", "b"),
    ("[THINK]a[/THINK]b", "", "b"),
    ("◁think▷a◁/think▷b", "", "b"),
    ("<seed:think>a</seed:think>b", "", "b"),
    ("<|begin_of_thought|>a<|end_of_thought|>b", "", "b"),
    ("<|START_THINKING|>a<|END_THINKING|>b", "", "b"),
    ("Okay, the user greets.\n</think>\n\nHello!", "", "Hello!"),
    ("a</think>b</think>c", "", "c"),
    ("<think>a<think>b</think>c</think>d", "", "d"),
    ("Ann: so\n</think>Ann: hello", "Ann:", " hello"),
    # harmony
    (HARMONY, "", "Hello!"),
    ("<|start|>assistant" + HARMONY, "", "Hello!"),
    ("<|channel|>final<|message|>One.<|end|><|start|>assistant<|channel|>final<|message|>Two.<|return|>", "", "Two."),
    ("<|channel|>final <|constrain|>JSON<|message|>{\"a\": 1}", "", '{"a": 1}'),
    ("<|channel|>commentary to=functions.dice<|message|>{}<|call|>", "", ""),
    ("<|channel|>analysis<|message|>only thoughts", "", ""),
    ("analysisWe should greet.assistantfinalHello!", "", "Hello!"),
    ("analysis of the deal", "", "analysis of the deal"),
    # control tokens
    ("Hello.<|im_end|>", "", "Hello."),
    ("Hello.<|im_end|>\n<|im_start|>user\nAnd you?<|im_end|>", "", "Hello."),
    ("<|im_start|>assistant\nHello.", "", "Hello."),
    ("<|start_header_id|>assistant<|end_header_id|>\n\nHello.<|eot_id|>", "", "Hello."),
    ("<start_of_turn>model\nHello.<end_of_turn>\n<start_of_turn>user\nx", "", "Hello."),
    ("<s>Hello.</s>", "", "Hello."),
    ("<s> [INST] [/INST] Hello.</s>[INST] more", "", "Hello."),
    ("<｜begin▁of▁sentence｜>Hello.<｜end▁of▁sentence｜><｜User｜>x", "", "Hello."),
    ("Hello<|reserved_special_token_12|>.", "", "Hello."),
    ("<pad><bos>Hello.<eos>more", "", "Hello."),
    # what only looks like a mark
    ("<thinks>", "", "<thinks>"),
    ("a < b [think] c", "", "a < b "),
    ("a <b> c </b> <", "", "a <b> c </b> <"),
    ("I said <s>no</s> yes.", "", "I said <s>no</s> yes."),
    ('{"text": "close it with </think>, please"}', "", '{"text": "close it with </think>, please"}'),
    ("2 <| 3 |> 4", "", "2 <| 3 |> 4"),
])
def test_visible(output: str, prefix: str, text: str) -> None:
    assert visible(output, prefix) == text


PIECES = ["<think>", "</think>", "<th", "ink>", "Ann", ":", " ", "\n", "x", "Ann:", "<|channel|>", "final", "analysis",
          "<|message|>", "<|end|>", "<|", "|>", "<|im_end|>", "<|im_start|>", "assistant", "user", "<", "[", "</s>",
          "{"]
pieces = st.lists(st.sampled_from(PIECES), max_size=14)


@settings(max_examples=400)
@example(["<|im_start|>", "\n", "assistant"], "", False)
@given(pieces, st.sampled_from(["", "Ann:", "Ann: x"]), st.booleans())
def test_a_stream_shows_what_the_whole_shows(parts: list[str], prefix: str, assumed: bool) -> None:
    whole = VisibleText(prefix, starts_in_thought=assumed)
    expected = whole.feed("".join(parts)) + whole.end()
    stream = VisibleText(prefix, starts_in_thought=assumed)
    shown = ""
    for part in parts:
        text = stream.feed(part)
        shown = text if stream.taken_back else shown + text
    assert shown + stream.end() == expected
    assert stream.thought == whole.thought


def test_ordinary_text_is_not_held_back() -> None:
    stream = VisibleText("Ann:")
    assert [stream.feed(word) for word in ("Hel", "lo ", "there", " <b>", " a < b")] == [
        "Hel", "lo ", "there", " <b>", " a < b"]


def test_a_model_that_reasons_without_a_mark_is_held_back_once_that_is_known() -> None:
    first = VisibleText()
    assert (first.feed("So, "), first.feed("well</think>Hello"), first.taken_back) == ("So, ", "Hello", True)
    assert first.begins_unmarked
    known = VisibleText(starts_in_thought=True)
    assert (known.feed("So, "), known.feed("well</think>Hello"), known.taken_back) == ("", "Hello", False)
    without = VisibleText(starts_in_thought=True)
    assert (without.feed("Hello"), without.end(), without.thought) == ("", "Hello", False)
    cut = VisibleText(starts_in_thought=True)
    assert (cut.feed("So, well"), cut.end(is_cut=True), cut.thought) == ("", "", True)


def test_a_reply_has_a_bound() -> None:
    reply = VisibleText()
    assert len(reply.feed("x" * (LONGEST_REPLY + 5)) + reply.end()) == LONGEST_REPLY
    assert reply.is_cut


def test_unfenced() -> None:
    assert unfenced('```json\n{"a": 1}\n```') == '{"a": 1}'
    assert unfenced("```\n{}\n```  \n") == "{}"
    assert unfenced("plain") == "plain"
    assert unfenced("```\nnever closed") == "```\nnever closed"
    assert unfenced("```two words\n{}\n```") == "```two words\n{}\n```"
    assert unfenced("``````") == "``````"


HOSTILE = ["\n", " ", "<", "<|", "<|a", "[", "```\n", "<think>", "</think>", "<|im_end|>", "analysis", "a\n\n", "<｜",
           "◁/"]


@pytest.mark.parametrize("unit", HOSTILE)
def test_time_is_linear(unit: str) -> None:
    def seconds(count: int) -> float:
        text = "```json\n" + unit * count
        best = float("inf")
        for _ in range(3):
            begun = time.process_time()
            visible(text)
            unfenced(text + "x")
            stream = VisibleText("Ann:")
            for at in range(0, len(text), 7):
                stream.feed(text[at:at + 7])
            best = min(best, time.process_time() - begun)
        return best

    assert seconds(8_000) < 3.5 * seconds(4_000) + 0.01
