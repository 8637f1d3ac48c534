"""Who is asked, who is passed over, and what the reader is told."""

from dataclasses import replace

import pandas as pd
import pytest

from stockanalyst.exceptions import (
    DataError,
    InvalidSymbol,
    PayloadError,
    RateLimited,
    SourceTimeout,
)
from stockanalyst.market.prices import PriceHistory
from stockanalyst.market.providers.chain import ChainProvider
from stockanalyst.market.providers.sample import SampleProvider

DOWN = SourceTimeout("yahoo", "no connection within 3 s")


class Stub:
    """Answers with one session, or fails."""

    def __init__(self, name: str, failure: Exception | None = None) -> None:
        self.name, self.failure, self.asked = name, failure, 0

    def history(self, symbol: str) -> PriceHistory:
        self.asked += 1
        if self.failure:
            raise self.failure
        today = pd.Timestamp("2024-01-02")
        frame = pd.DataFrame({"close": [1.0]}, index=pd.DatetimeIndex([today], name="session"))
        return PriceHistory(symbol, frame, self.name, today, ("its own note",))


def test_the_first_that_answers_is_the_only_one_asked() -> None:
    first, second = Stub("a"), Stub("b")
    history = ChainProvider((first, second)).history("AAPL")
    assert (history.provider, history.notes) == ("a", ("its own note",))
    assert (first.asked, second.asked) == (1, 0)


@pytest.mark.parametrize(
    "failure", [DOWN, RateLimited("yahoo", "HTTP 429"), PayloadError("yahoo", "no JSON")]
)
def test_a_source_that_fails_is_passed_over_and_named(failure: Exception) -> None:
    history = ChainProvider((Stub("yahoo", failure), Stub("b"))).history("AAPL")
    reason = str(failure).removeprefix("yahoo: ")
    assert history.provider == "b"
    assert history.notes == (
        f"yahoo didn't answer ({reason}): these prices are of 'b', last session 2024-01-02.",
        "its own note",
    )


def test_sample_behind_a_yahoo_that_is_down() -> None:
    history = ChainProvider((Stub("yahoo", DOWN), SampleProvider())).history("IBM")
    assert history.notes[0] == (
        "yahoo didn't answer (no connection within 3 s): "
        "these prices are of 'sample', last session 2013-03-01."
    )
    assert "embedded sample prices" in history.notes[1]


def test_unknown_is_an_answer() -> None:
    unknown = InvalidSymbol("XYZ", "Yahoo has no prices of it")
    second = Stub("b")
    with pytest.raises(InvalidSymbol) as caught:
        ChainProvider((Stub("yahoo", unknown), second)).history("XYZ")
    assert caught.value is unknown
    assert second.asked == 0


def test_unknown_after_a_failure_says_both() -> None:
    with pytest.raises(InvalidSymbol) as caught:
        ChainProvider((Stub("yahoo", DOWN), SampleProvider())).history("APPL")
    assert str(caught.value) == (
        "symbol 'APPL': yahoo didn't answer (no connection within 3 s), "
        "and the sample has only AAPL, GOOG, IBM, MSFT, ^GSPC; did you mean AAPL?"
    )


def test_bad_data_is_an_answer() -> None:
    with pytest.raises(DataError, match="close is nan"):
        ChainProvider((Stub("a", DataError("close is nan")), Stub("b"))).history("AAPL")


def test_nobody_answers() -> None:
    with pytest.raises(SourceTimeout) as caught:
        ChainProvider((Stub("yahoo", DOWN), Stub("b", PayloadError("b", "no JSON")))).history("A")
    assert caught.value is DOWN


class Dated(Stub):
    """Answers with one session, `last`."""

    def __init__(self, name: str, last: str, shortfall: str = "") -> None:
        super().__init__(name)
        self.last, self.shortfall = pd.Timestamp(last), shortfall

    def history(self, symbol: str) -> PriceHistory:
        answer = super().history(symbol)
        frame = answer.frame.set_axis(pd.DatetimeIndex([self.last], name="session"))
        return replace(answer, frame=frame, shortfall=self.shortfall)


def test_a_short_answer_gives_way_to_a_whole_one() -> None:
    short = Dated("eodhd", "2026-01-16", "the past year")
    history = ChainProvider((Stub("yahoo", DOWN), short, Dated("b", "2026-01-16"))).history("AAPL")
    assert history.provider == "b"
    assert history.notes[0] == (
        "yahoo didn't answer (no connection within 3 s), eodhd gives only the past year: "
        "these prices are of 'b', last session 2026-01-16."
    )


def test_but_not_to_an_older_one() -> None:
    stored = Dated("yahoo", "2026-01-16", "prices that were fetched on 2026-01-17")
    history = ChainProvider((stored, Dated("sample", "2013-03-01"))).history("AAPL")
    assert history.provider == "yahoo"
    assert history.notes == ("its own note",)


def test_the_first_short_answer_where_nobody_has_more() -> None:
    links = (
        Dated("yahoo", "2026-01-15", "prices that were fetched on 2026-01-16"),
        Stub("eodhd", RateLimited("eodhd", "HTTP 429")),
        Dated("alpha_vantage", "2026-01-16", "the last 100 sessions"),
        Stub("sample", InvalidSymbol("TSLA", "the sample has only AAPL")),
    )
    history = ChainProvider(links).history("TSLA")
    assert history.provider == "yahoo"
    assert history.notes == (
        "eodhd didn't answer (HTTP 429): these prices are of 'yahoo', last session 2026-01-15.",
        "its own note",
    )


def test_unknown_to_one_that_stands_in_is_not_the_end() -> None:
    unknown = InvalidSymbol("^GSPC", "alpha_vantage has no such index")
    links = (Stub("yahoo", DOWN), Stub("alpha_vantage", unknown), SampleProvider())
    assert ChainProvider(links).history("^GSPC").provider == "sample"
    with pytest.raises(InvalidSymbol) as caught:
        ChainProvider(links).history("TSLA")
    assert str(caught.value) == (
        "symbol 'TSLA': yahoo didn't answer (no connection within 3 s), and alpha_vantage has no "
        "such index; the sample has only AAPL, GOOG, IBM, MSFT, ^GSPC"
    )
