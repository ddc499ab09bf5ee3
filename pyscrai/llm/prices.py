"""The price of a call, by the alias's own prices or the genai-prices catalogue. Unknown is None, never 0."""

from __future__ import annotations

import math
from urllib.parse import urlsplit

from pyscrai.config.settings import OPENAI_URL, ModelAlias, Prices
from pyscrai.engines.ports.model import Usage

_MILLION = 1_000_000


def cost(alias: ModelAlias, usage: Usage | None, *, billed: float | None = None) -> float | None:
    """USD of one call, or None where no price is known, or not what was used.

    Args:
        usage: None where the endpoint does not say what the call took.
        billed: what the endpoint itself says that it charged, as OpenRouter does; it wins over the catalogue.
    """
    if alias.kind != "openai":
        return 0.0
    own = alias.price if isinstance(alias.price, Prices) else None
    if own is None and billed is not None:
        return billed
    if usage is None:
        return None
    if own is not None:
        cached = min(usage.cached_tokens, usage.prompt_tokens) if own.cached_per_mtok is not None else 0
        total = (usage.prompt_tokens - cached) * own.input_per_mtok + usage.completion_tokens * own.output_per_mtok
        return (total + cached * (own.cached_per_mtok or 0.0)) / _MILLION
    if isinstance(alias.price, str):
        provider, _, model = alias.price.partition(":")
        return _catalogue(model, provider, None, usage)
    return _catalogue(alias.model, None, alias.base_url or OPENAI_URL, usage)


def known(alias: ModelAlias) -> bool:
    """Whether the alias's calls have a price, or the endpoint bills them itself."""
    if alias.price is None and (urlsplit(alias.base_url or "").hostname or "").endswith("openrouter.ai"):
        return True
    return cost(alias, Usage(prompt_tokens=1, completion_tokens=1)) is not None


def _catalogue(model: str, provider: str | None, url: str | None, usage: Usage) -> float | None:
    # Imported here: it takes 0.16 s, which an embedded model's start would wait for, and has no use for.
    import genai_prices

    counted = genai_prices.Usage(input_tokens=usage.prompt_tokens, output_tokens=usage.completion_tokens,
                                 cache_read_tokens=min(usage.cached_tokens, usage.prompt_tokens))
    try:
        if provider is not None:
            found = genai_prices.calc_price(counted, model_ref=model, provider_id=provider)
        else:
            found = genai_prices.calc_price(counted, model_ref=model, provider_api_url=url)
    except (LookupError, ValueError):
        return None
    price = float(found.total_price)
    return price if math.isfinite(price) and price >= 0 else None
