"""Putting into words what a role means: a small model does that far better than it finds out what to say.

The method is the old one of text generation, content first and its realisation after (Reiter and Dale, Building Natural
Language Generation Systems, 2000), with the sampling of several candidates and a choice by fixed checks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pyscrai.engines.calls.sentences import sentences
from pyscrai.engines.calls.speech import repeated
from pyscrai.engines.layouts.figures import figures
from pyscrai.engines.layouts.layout import Critic, Prompt, Standards
from pyscrai.engines.ports.model import Message, ModelRequest
from pyscrai.engines.state import Line
from pyscrai.errors import ReplyError, TryAgain

CANDIDATES = 6
"""How many lines are asked for at most, until one has no fault."""

ANSWERS = 3
"""How many of them are asked for as an answer; the rest without the line that they answer, whose words they take up."""

MOST_FAULTS = 2
"""The faults that the best of these answers may have, or no more lines are asked for: the model is not up to it."""

MOST_SHARED = 0.3
"""The share of its runs of three words that a line may have in common with one that was heard."""

LEAST_MEANT = 0.65
"""The share of the words that matter in each sentence of what is meant that a line must hold at least."""

MOST_ADDED = 1
"""How many words that matter a line may add to what is meant."""

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")

_TURNS = re.compile(r"[\w,]\s+(?:but|though|although|however|unless|if|not|never|without)\b|n['’]t\b", re.IGNORECASE)
"""Words within a sentence that turn what it says around; at its beginning they are about what it answers."""

_SPEAKER = re.compile(r"\bI\b")
_HEARER = re.compile(r"\byou", re.IGNORECASE)

_COMMON_WORDS = """
    all and any are but can did for get got had has her him his its may not off one our out own put saw see she the
    too two use was way who why you about after again also always another anything because been before being believe
    better both cannot come could does done down each either else enough even ever every fine from give given going
    good have having hear here how into just keep know less let like little long look made make many maybe mean
    means more most much must need needs never none nothing now only other over people please quite rather really
    right said same say says should since some something soon still such sure take tell than that their them then
    there these they thing things think this those though through time told too true under until very want wants
    well were what when where which while will with without won't word words would yes yet your yours you're you'll
    that's it's i'm i'll i'd don't can't
"""
_COMMON = frozenset(_COMMON_WORDS.split())
"""English words that say nothing of what a line is about."""


def without_worded(lines: Sequence[Line], moves: tuple[str, ...]) -> tuple[Line, ...]:
    """The lines without the moves that the speech before them has put into words.

    What a person or a program says beside a move need not be about it, and a model's words may lack its numbers: such
    a move stays.

    Args:
        moves: how the contents of moves begin that are put into words.
    """
    told: list[Line] = []
    words: Line | None = None
    for line in lines:
        if line["kind"] == "utterance":
            words = None if "played_by" in line else line
        elif line["kind"] == "action" and words is not None and line["content"].startswith(moves) and (
                (line["speaker"], line["turn"]) == (words["speaker"], words["turn"])
                and figures(line["content"]) <= figures(words["content"])):
            continue
        told.append(line)
    return tuple(told)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a line is to say, and by whom."""

    text: str
    speaker: str
    """The speaker's display name."""


class PlainVoice:
    """Shows a few lines that say what is meant, each with what was said before it, and asks for the next."""

    def messages(self, prompt: Prompt, engine: str) -> tuple[Message, ...]:
        shown: list[Message] = []
        for example in prompt.render(f"{engine}_voice_examples", {}).strip().split("\n\n"):
            asked, _, said = example.rpartition("\n")
            shown += [Message("user", (asked,)), Message("assistant", (said,))]
        system = Message("system", (prompt.render(f"{engine}_voice_system", {}),))
        return (system, *shown, Message("user", tuple(prompt.note.splitlines(keepends=True))))

    def critic(self, intent: str, speaker: str, standards: Standards) -> Critic:
        return Faithful(Meaning(intent, speaker), standards)


class Faithful:
    """Asks again for a line that says something else than what is meant; takes the best in the end."""

    def __init__(self, meaning: Meaning, standards: Standards) -> None:
        self._meaning, self._standards = meaning, standards
        self._left = CANDIDATES - 1
        self._best: tuple[int, str] | None = None

    def trimmed(self, text: str) -> str:
        return text.partition("\n")[0].replace("[", "").replace("]", "")

    def unusable(self, error: ReplyError) -> ReplyError:
        if not self._left:
            return error
        self._left -= 1
        return TryAgain(error.message, again=_freer)

    def judged(self, text: str) -> str:
        found = faults(text, self._meaning, self._standards)
        if self._best is None or len(found) < self._best[0]:
            self._best = len(found), text
        answered = CANDIDATES - self._left >= ANSWERS
        if found and self._left and not (answered and self._best[0] > MOST_FAULTS):
            self._left -= 1
            raise TryAgain(found[0], again=_freer if self._left >= CANDIDATES - ANSWERS else _alone)
        return self._best[1]


def faults(text: str, meaning: Meaning, standards: Standards) -> list[str]:
    """The faults of a line that is to say what is meant, the worst first."""
    found = []
    meant = meaning.text
    numbers, wanted = figures(text), figures(meant)
    if wrong := sorted(numbers - wanted):
        found.append(f"it says {wrong[0]}, which is not meant")
    if missing := sorted(wanted - numbers):
        found.append(f"it does not say {missing[0]}")
    if len(_TURNS.findall(text)) > len(_TURNS.findall(meant)):
        found.append("it turns around what is meant")
    if len(_SPEAKER.findall(text)) > len(_SPEAKER.findall(meant)):
        found.append("it says of its speaker what is not meant of them")
    if len(_HEARER.findall(text)) > len(_HEARER.findall(meant)):
        found.append("it says of others what is not meant of them")
    if "?" in text and "?" not in meant:
        found.append("it asks what is meant to be said")
    if _addresses(text, meaning.speaker):
        found.append("it speaks to its own speaker")
    words, matter = _stems(text), _stems(meant)
    found += ["it does not say all that is meant" for sentence in filter(None, map(_stems, sentences(meant)))
              if len(words & sentence) < LEAST_MEANT * len(sentence)]
    if len(words - matter) > MOST_ADDED:
        found.append("it adds what is not meant")
    heard = standards.heard[-3:]
    if words & (_stems(" ".join(heard)) - matter):
        found.append("it takes up what another has said")
    elif repeated(text, heard, most=MOST_SHARED):
        found.append("it repeats what was heard")
    return found


def _stems(text: str) -> set[str]:
    """The words that matter, cut to five letters, so that forms of one word are the same."""
    return {word[:5] for word in _WORD.findall(text.casefold().replace("’", "'"))
            if len(word) > 2 and word not in _COMMON}


def _addresses(text: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None


def _freer(request: ModelRequest) -> ModelRequest:
    """The request with another seed."""
    return replace(request, seed=None if request.seed is None else request.seed + 1)


def _alone(request: ModelRequest) -> ModelRequest:
    """The request with another seed, and with nothing that is answered: who speaks, and what is meant."""
    *before, asked = request.messages
    return _freer(replace(request, messages=(*before, replace(asked, parts=(asked.parts[0], *asked.parts[1:][-1:])))))
