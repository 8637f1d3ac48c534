"""Who is asked, who is passed over, and what the reader is told."""

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
