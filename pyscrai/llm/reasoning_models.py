"""Models that reason before they answer: what they refuse, and the room that their reasoning needs."""

from __future__ import annotations

import re

from pyscrai.config.settings import OPENAI_URL, ModelAlias

THINKING_TOKENS = 4_096
"""Tokens that a model which reasons gets on top of the bound of its reply, where the alias does not say."""

_REASONS = re.compile(
    r"(?:^|/)(?:o[134](?:-|$)|gpt-[56](?!.*chat)|gpt-oss|deepseek-(?:r1|reasoner)|qwq|qwen3(?!.*instruct)|magistral"
    r"|gemini-(?:2\.5|3)|grok-(?:3-mini|4)|glm-(?:4\.[5-9]|z1)|minimax-m|kimi-k2-thinking|phi-4-(?:mini-)?reasoning"
    r"|nemotron|seed-oss)|thinking|reasoning", re.IGNORECASE)
_OPENAI_REASONS = re.compile(r"(?:o[134](?:-|$)|gpt-[56])(?!.*chat)")


def thinking_tokens(alias: ModelAlias) -> int:
    """The room for reasoning on top of each bound: a bound for the reply alone would leave nothing for the reply."""
    if alias.thinking_tokens is not None:
        return alias.thinking_tokens
    if alias.kind != "openai" or not _REASONS.search(alias.model):
        return 0
    # Some servers refuse a bound that their context has no room for.
    return min(THINKING_TOKENS, alias.context_tokens // 2) if alias.context_tokens else THINKING_TOKENS


def refused_fields(alias: ModelAlias) -> frozenset[str]:
    """Fields that OpenAI's reasoning models answer with a 400; they are left out rather than fail every call."""
    ours = (alias.base_url or OPENAI_URL).rstrip("/") == OPENAI_URL
    return frozenset({"temperature", "top_p", "stop"}) if ours and _OPENAI_REASONS.match(alias.model) else frozenset()
