import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst import exceptions as errors
from stockanalyst.exceptions import StockAnalystError

ONE_OF_EACH = {
    "symbol 'X Y': give one ticker": errors.InvalidSymbol("X Y", "give one ticker"),
    "horizon -1: give a whole number of sessions from 1 to 60": errors.InvalidHorizon(-1, 60),
    "cutoff 'soon': write it as YYYY-MM-DD": errors.InvalidCutoff("soon", "write it as YYYY-MM-DD"),
    (
        "symbol 'AAA': 20 sessions up to the cutoff, 757 are needed (to train); "
        "choose a later cutoff, fewer past cutoffs, a shorter horizon or a longer history, or "
        "leave the symbol out"
    ): errors.InsufficientHistory("AAA", 20, 757, "to train"),
    "a.csv: column 'close' is 0 on 2013-03-01; drop that row": errors.FrameSchema(
        "a.csv", "close", "is 0 on 2013-03-01", "drop that row"
    ),
    "yahoo: HTTP 429": errors.RateLimited("yahoo", "HTTP 429"),
    "yahoo: no answer in 5 s": errors.SourceTimeout("yahoo", "no answer in 5 s"),
    "yahoo: no column Close": errors.PayloadError("yahoo", "no column Close"),
    "lstm: no trained model; run this": errors.ModelUnavailable(
        "lstm", "no trained model", "run this"
    ),
    "report.ipynb, cell 3: KeyError": errors.ReportError("report.ipynb", 3, "KeyError"),
    "report.ipynb, its kernel: died": errors.ReportError("report.ipynb", None, "died"),
}


@pytest.mark.parametrize(("message", "error"), ONE_OF_EACH.items())
def test_messages(message: str, error: StockAnalystError) -> None:
    assert str(error) == message
    assert isinstance(error, StockAnalystError)


def test_the_tree_is_drawn_as_it_is() -> None:
    """Four columns of the drawing are one generation."""
    branch = [StockAnalystError]
    drawing = (errors.__doc__ or "").split("StockAnalystError\n")[1].split("\n\n")[0]
    for line in drawing.splitlines():
        name = re.findall(r"\w+", line)[0]
        error = getattr(errors, name)
        generation = line.strip().index(name) // 4
        assert error.__bases__[0] is branch[generation - 1]
        assert ("(ValueError)" in line) == (ValueError in error.__bases__)
        branch[generation:] = [error]


def test_shown() -> None:
    assert errors.shown("AAPL") == "'AAPL'"
    assert errors.shown(10**6) == "1000000"
    assert errors.shown("A" * 300) == f"'{'A' * 38}… (300 characters)"


@given(st.text())
def test_shown_is_one_short_line(text: str) -> None:
    assert errors.shown(text).isprintable()
    assert len(errors.shown(text)) <= 60


def test_did_you_mean() -> None:
    known = ["AAPL", "GOOG", "IBM", "MSFT"]
    assert errors.did_you_mean("APPL", known) == "did you mean AAPL?"
    assert errors.did_you_mean("XYZXYZ", known) == ""
    assert errors.did_you_mean("AAPL", []) == ""


def test_waiting_helps_but_not_with_a_payload() -> None:
    assert errors.RateLimited.retryable
    assert errors.SourceTimeout.retryable
    assert not errors.PayloadError.retryable
