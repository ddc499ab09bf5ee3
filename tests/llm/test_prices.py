"""What calls cost."""

from __future__ import annotations

import pytest

from pyscrai.config.settings import ModelAlias, Prices
from pyscrai.engines.ports.model import Usage
from pyscrai.llm.prices import cost, known

MILLION = Usage(prompt_tokens=1_000_000, cached_tokens=400_000, completion_tokens=100_000)


def alias(**fields: object) -> ModelAlias:
    return ModelAlias.model_validate({"model": "m", "base_url": "http://127.0.0.1:1/v1", **fields})


def test_own_prices() -> None:
    prices = Prices(input_per_mtok=1, cached_per_mtok=0.1, output_per_mtok=10)
    assert cost(alias(price=prices), MILLION) == pytest.approx(0.6 + 0.04 + 1)
    assert cost(alias(price=Prices(input_per_mtok=1, output_per_mtok=10)), MILLION) == pytest.approx(2)


def test_catalogue_by_reference_and_by_endpoint() -> None:
    by_name = cost(alias(price="openai:gpt-5-mini"), MILLION)
    by_place = cost(alias(model="gpt-5-mini", base_url="https://api.openai.com/v1"), MILLION)
    assert by_name is not None
    assert by_name == by_place
    assert 0.1 < by_name < 5
    assert cost(alias(price="openai:gpt-5-mini"), Usage(1_000_000, 0, 100_000)) > by_name  # type: ignore[operator]


def test_unknown_is_none() -> None:
    assert cost(alias(), MILLION) is None
    assert cost(alias(price="openai:no-such-model-at-all"), MILLION) is None
    assert not known(alias())


def test_what_the_endpoint_billed_wins_over_the_catalogue() -> None:
    assert cost(alias(price="openai:gpt-5-mini"), MILLION, billed=0.25) == 0.25
    assert cost(alias(), MILLION, billed=0.0) == 0.0
    assert cost(alias(), None, billed=0.25) == 0.25


def test_what_is_not_counted_has_no_cost() -> None:
    prices = Prices(input_per_mtok=1, output_per_mtok=10)
    assert cost(alias(price=prices), None) is None
    assert cost(alias(price="openai:gpt-5-mini"), None) is None


def test_more_cached_than_sent_is_no_credit() -> None:
    prices = Prices(input_per_mtok=1, cached_per_mtok=0.1, output_per_mtok=10)
    assert cost(alias(price=prices), Usage(10, 10_000_000, 0)) == pytest.approx(10 * 0.1 / 1_000_000)


@pytest.mark.parametrize("kind", ["embedded", "scripted"])
def test_own_machine_costs_nothing(kind: str) -> None:
    assert cost(alias(kind=kind), MILLION) == 0.0
