"""What a call cost, from an alias's own prices or the genai-prices catalogue; no network."""

from __future__ import annotations

from typing import Any

from pyscrai.config.settings import ModelAlias, Prices
from pyscrai.engines.ports.model import Usage

_MILLION = 1_000_000


def cost(alias: ModelAlias, usage: Usage, *, billed: Any = None) -> float | None:
    """USD of one call, or None where no price is known.

    Args:
        billed: what the endpoint itself says that it charged, as OpenRouter does; it wins over the catalogue.
    """
    if alias.kind != "openai":
        return 0.0
    if isinstance(alias.price, Prices):
        cached = alias.price.cached_per_mtok
        rest = usage.prompt_tokens - (usage.cached_tokens if cached is not None else 0)
        total = rest * alias.price.input_per_mtok + usage.completion_tokens * alias.price.output_per_mtok
        return (total + (usage.cached_tokens * cached if cached is not None else 0.0)) / _MILLION
    if isinstance(billed, int | float) and not isinstance(billed, bool):
        return float(billed)
    if isinstance(alias.price, str):
        provider, _, model = alias.price.partition(":")
        return _catalogue(model, provider, None, usage)
    return _catalogue(alias.model, None, alias.base_url or "https://api.openai.com/v1", usage)


def known(alias: ModelAlias) -> bool:
    """Whether the alias's calls have a price."""
    return cost(alias, Usage(prompt_tokens=1, completion_tokens=1)) is not None


def _catalogue(model: str, provider: str | None, url: str | None, usage: Usage) -> float | None:
    # Imported here because the catalogue takes 0.15 s to load, and local endpoints need it only once.
    import genai_prices

    counted = genai_prices.Usage(input_tokens=usage.prompt_tokens, cache_read_tokens=usage.cached_tokens,
                                 output_tokens=usage.completion_tokens)
    try:
        if provider is not None:
            found = genai_prices.calc_price(counted, model_ref=model, provider_id=provider)
        else:
            found = genai_prices.calc_price(counted, model_ref=model, provider_api_url=url)
    except (LookupError, ValueError):
        return None
    return float(found.total_price)
