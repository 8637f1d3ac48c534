"""A walk-forward in a terminal."""

from rich.console import Console

from stockanalyst.backtesting.results import Backtest
from stockanalyst.reporting.text import backtest_text
from tests.reporting.walks import BAD, GOOD, many, walked


def printed(backtest: Backtest) -> str:
    console = Console(width=250, highlight=False, markup=False)
    with console.capture() as captured:
        for part in backtest_text(backtest, (0.8,)):
            console.print(part)
    return captured.get()


def test_a_few_symbols_are_printed_row_by_row_and_then_in_words() -> None:
    text = printed(walked({"AAA": GOOD, "BBB": BAD}, missing=True))
    lines = text.splitlines()
    assert lines[0] == "Note: Prices <end> in 2013."
    names = " ".join(lines[1].split())
    assert names == "Symbol Horizon Model RMSE MAE MASE Direction Always up In 80 % Skill DM p q"
    assert sum(line.startswith(("AAA ", "BBB ")) for line in lines) == 2 * 2 * 2
    assert "\nown beats the random walk on AAA at horizon 1: +64.6 % " in text
    assert "\nno model beats the random walk on BBB at horizon 2 (best: own, −100.0 %" in text
    assert lines[-1] == "No LSTM of AAA: no <network>; run: stockanalyst train AAA"


def test_many_symbols_are_printed_together() -> None:
    text = printed(many(300, winners=1))
    assert len(text.splitlines()) < 20
    assert "300 symbols, 70 cutoffs" in text
    assert "a model beats the random walk on 1 of 300 symbols at horizon 1 (S000: own" in text
    assert "no model beats the random walk on any of 300 symbols at horizon 2" in text
