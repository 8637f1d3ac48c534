"""Prices that can be used, and sentences on those that can't."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest

from stockanalyst.exceptions import InputError, InvalidSymbol
from stockanalyst.market.prices import PriceHistory
from stockanalyst.market.protocols import PriceProvider
from stockanalyst.portfolio.pricing import Price, Rate
from stockanalyst.services.quotes import Quotes
from tests.services.ledgers import QUOTED, Quoted


def providers(name: str) -> PriceProvider:
    if name != "quoted":
        raise InputError("provider", name, "choose from quoted")
    return QUOTED


@pytest.fixture
def quotes() -> Quotes:
    return Quotes(providers, "quoted")


def test_the_last_close_up_to_the_day(quotes: Quotes) -> None:
    found = quotes.prices({"AAPL": "USD"}, date(2024, 1, 6))  # a Saturday
    assert found == {"AAPL": Price(Decimal("118.0"), "USD", date(2024, 1, 5))}
    assert quotes.notes == []


def test_an_old_close_is_no_price(quotes: Quotes) -> None:
    assert quotes.prices({"AAPL": "USD"}, date(2024, 1, 26)) == {}
    assert quotes.notes == [
        "AAPL has no price within ten days of 2024-01-26: the last before is of 2024-01-15."
    ]


def test_a_symbol_that_nobody_knows_lacks_and_is_told_once(quotes: Quotes) -> None:
    day = date(2024, 1, 15)
    assert set(quotes.prices({"AAPL": "USD", "NOPE": "USD"}, day)) == {"AAPL"}
    assert list(quotes.closes({"AAPL": "USD", "NOPE": "USD"})) == ["AAPL"]
    (note,) = quotes.notes
    assert note.startswith("NOPE has no price: ")


def test_rates_are_of_pairs(quotes: Quotes) -> None:
    found = quotes.rates(["EUR", "USD"], "USD", date(2024, 1, 12))
    assert found == {"EUR": Rate(Decimal("1.1"), "USD", date(2024, 1, 12))}
    by_day = quotes.exchange(["EUR", "USD"], "USD")
    assert by_day["EUR"].iloc[-1] == 1.2
    assert list(by_day) == ["EUR"]


def test_a_provider_that_there_is_none_of() -> None:
    with pytest.raises(InputError, match="choose from quoted"):
        Quotes(providers, "nobody").prices({"AAPL": "USD"}, date(2024, 1, 5))


def test_adjusted_closes(quotes: Quotes) -> None:
    closes = quotes.adjusted("AAPL")
    assert closes.name == "AAPL"
    assert closes.iloc[-1] == 65
    assert closes.iloc[0] == 50


@dataclass
class Asked:
    """Counts how often."""

    times: Counter[str] = field(default_factory=Counter)
    name: str = "quoted"

    def history(self, symbol: str) -> PriceHistory:
        self.times[symbol] += 1
        return QUOTED.history(symbol)


def test_a_symbol_is_asked_for_once_whatever_of_it_is_wanted() -> None:
    asked = Asked()
    quotes = Quotes(lambda _name: asked, "quoted")
    for symbol in ("AAPL", "NOPE"):
        quotes.prices({symbol: "USD"}, date(2024, 1, 15))
        quotes.closes({symbol: "USD"})
        quotes.splits(symbol)
    quotes.adjusted("AAPL")
    with pytest.raises(InvalidSymbol, match="quoted doesn't know it"):
        quotes.adjusted("NOPE")
    assert asked.times == {"AAPL": 1, "NOPE": 1}


def test_a_sentence_is_said_once(quotes: Quotes) -> None:
    for _ in range(2):
        quotes.prices({"AAPL": "USD"}, date(2024, 1, 26))
    assert len(quotes.notes) == 1


def test_pence_are_hundredths_of_a_pound(quotes: Quotes) -> None:
    quotes.paid["SAP.DE"] = (date(2024, 1, 6), Decimal("1.42"))
    assert quotes.prices({"SAP.DE": "EUR"}, date(2024, 1, 15))["SAP.DE"].amount == Decimal("1.5")
    assert quotes.closes({"SAP.DE": "EUR"})["SAP.DE"].iloc[0] == 1.4
    assert quotes.notes == [
        "SAP.DE is quoted in hundredths of its currency: its prices are divided by 100."
    ]


def test_what_was_never_traded_is_quoted_as_its_exchange_does() -> None:
    vodafone = Quoted({"VOD.L": [70.0] * 10})
    quotes = Quotes(lambda _name: vodafone, "quoted")
    day = date(2024, 1, 15)
    assert quotes.prices({"VOD.L": "GBP"}, day)["VOD.L"].amount == Decimal("0.7")
    assert quotes.prices({"VOD.L": "USD"}, day)["VOD.L"].amount == 70
    quotes.paid["VOD.L"] = (date(2024, 1, 6), Decimal(71))
    assert quotes.prices({"VOD.L": "GBP"}, day)["VOD.L"].amount == 70
