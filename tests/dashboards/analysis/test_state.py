"""The view-model alone: Param, no Panel."""

import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboards.analysis.state import PROMPT, AnalysisState
from stockanalyst.exceptions import RateLimited
from tests.dashboards.doubles import Answers, example


def submitted(
    answers: Answers, symbol: str = "AAPL", horizon: str = "7", provider: str = "auto"
) -> AnalysisState:
    state = AnalysisState(answers, symbol=symbol, horizon=horizon, provider=provider)
    state.submit()
    return state


def test_a_submission_brings_the_analysis_and_says_so() -> None:
    state = submitted(Answers(), symbol=" msft ", horizon="3")
    assert state.analysis.symbol == "MSFT"
    assert state.analysis.horizon == 3
    assert state.symbol == "MSFT"
    assert state.status == f"MSFT is analysed: {state.analysis.recommendation.action}"
    assert state.error == ""
    assert not state.busy


def test_the_defaults_ask_for_aapl_and_never_train() -> None:
    answers = Answers()
    AnalysisState(answers).submit()
    ((symbol, asked),) = answers.asked
    assert (symbol, asked.horizon, asked.provider, asked.train) == ("AAPL", 7, "auto", False)


def test_the_provider_is_an_input() -> None:
    answers = Answers()
    submitted(answers, provider="sample")
    assert answers.asked[0][1].provider == "sample"


@pytest.mark.parametrize("horizon", ["0", "-1", "61", "1000000", "", "7.5", "seven", "9" * 5000])
def test_a_horizon_that_cant_be_used_is_one_line(horizon: str) -> None:
    answers = Answers()
    state = submitted(answers, horizon=horizon)
    assert state.error.startswith("horizon ")
    assert state.error.endswith("give a whole number of sessions from 1 to 60")
    assert "\n" not in state.error
    assert answers.asked == []
    assert state.analysis is None
    assert not state.busy


def test_a_symbol_that_nobody_knows_is_its_own_message() -> None:
    state = submitted(Answers(), symbol="NOPE")
    assert state.error == "symbol 'NOPE': nobody knows it; did you mean AAPL?"
    assert state.status == ""


def test_a_vendor_that_refuses_is_its_own_message() -> None:
    state = submitted(Answers(failure=RateLimited("yahoo", "too many requests; wait a minute")))
    assert state.error == "yahoo: too many requests; wait a minute"


def test_an_unexpected_error_is_a_plain_sentence() -> None:
    state = submitted(Answers(failure=ZeroDivisionError("internals")))
    assert state.error.startswith("Something went wrong")
    assert "internals" not in state.error
    assert not state.busy


def test_a_view_that_fails_to_draw_leaves_the_page_usable() -> None:
    def fail(_event: object) -> None:
        raise RuntimeError

    state = AnalysisState(Answers())
    watcher = state.param.watch(fail, "analysis")
    state.submit()
    assert state.error.startswith("Something went wrong")
    assert not state.busy
    state.param.unwatch(watcher)
    state.ask("MSFT", "7")
    assert state.error == ""


def test_after_an_error_the_last_analysis_stays_and_the_error_goes_with_the_next() -> None:
    state = submitted(Answers())
    state.ask("NOPE", "7")
    assert state.analysis.symbol == "AAPL"
    assert state.query == {"symbol": "AAPL", "horizon": "7"}
    state.ask("MSFT", "7")
    assert state.error == ""
    assert state.analysis.symbol == "MSFT"


def test_progress_is_told_in_order() -> None:
    state = AnalysisState(Answers())
    told: list[tuple[str, float]] = []
    state.param.watch(lambda _event: told.append((state.status, state.share)), "status")
    state.submit()
    assert told == [
        ("Starting", 0.0),
        ("Loading prices", 0.0),
        ("Walking forward", 0.5),
        (f"AAPL is analysed: {state.analysis.recommendation.action}", 0.5),
    ]


def test_the_work_is_done_elsewhere_and_every_change_is_handed_over() -> None:
    answers = Answers()
    handed: deque[Callable[[], None]] = deque()
    with ThreadPoolExecutor(1) as elsewhere:
        state = AnalysisState(answers, work=elsewhere.submit, apply=handed.append)
        changed: set[int] = set()
        state.param.watch(
            lambda *_events: changed.add(threading.get_ident()), ["status", "busy", "analysis"]
        )
        answers.gate.clear()
        state.submit()
        assert not state.busy  # nothing changes before its turn
        handed.popleft()()
        assert state.busy
        assert answers.called.wait(timeout=30)
        assert answers.threads != {threading.get_ident()}
        answers.gate.set()
    while handed:
        handed.popleft()()
    assert state.analysis.symbol == "AAPL"
    assert not state.busy
    assert changed == {threading.get_ident()}


def test_a_second_click_while_busy_does_nothing() -> None:
    answers = Answers()
    waiting: list[Callable[[], None]] = []
    state = AnalysisState(answers, work=waiting.append)
    state.submit()
    state.submit()
    state.ask("MSFT", "1")
    (work,) = waiting
    work()
    assert [symbol for symbol, _ in answers.asked] == ["AAPL"]
    assert (state.symbol, state.horizon) == ("AAPL", "7")
    state.ask("MSFT", "1")
    assert len(waiting) == 2


def test_an_address_with_a_symbol_asks_for_an_analysis() -> None:
    state = AnalysisState(Answers())
    assert state.restore({"symbol": "msft", "horizon": "3", "provider": "files:/etc"})
    assert (state.symbol, state.horizon, state.provider) == ("msft", "3", "auto")


def test_an_address_without_one_asks_for_nothing() -> None:
    state = AnalysisState(Answers())
    assert not state.restore({"horizon": "x", "theme": "dark"})
    assert (state.symbol, state.horizon) == ("AAPL", "x")
    assert state.status == PROMPT


def test_the_address_changes_only_with_what_is_shown() -> None:
    state = AnalysisState(Answers())
    state.restore({"symbol": "aapl"})
    written: list[dict[str, str]] = []
    state.param.watch(lambda event: written.append(event.new), "query")
    state.submit()
    state.ask("NOPE", "7")
    assert written == []
    state.ask("MSFT", "14")
    assert written == [{"symbol": "MSFT", "horizon": "14"}]


def test_the_first_analysis_gives_a_bare_address_its_words() -> None:
    assert submitted(Answers()).query == {"symbol": "AAPL", "horizon": "7"}


def test_the_state_imports_neither_panel_nor_bokeh() -> None:
    code = "import sys, dashboards.analysis.state; print({'panel', 'bokeh'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_the_example_is_what_these_tests_take_it_for() -> None:
    assert example().symbol == "AAPL"
    assert example().horizon == 7
