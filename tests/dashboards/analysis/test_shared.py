"""Analyses that sessions share."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboards.analysis.shared import SharedAnalyses
from stockanalyst.exceptions import InvalidSymbol
from stockanalyst.services.protocols import silent
from stockanalyst.services.requests import Options, options
from tests.dashboards.doubles import Answers

WEEK = options(train=False)


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_same_question_is_answered_once() -> None:
    answers = Answers()
    shared = SharedAnalyses(answers)
    first = shared.analyze("AAPL", WEEK, progress=silent)
    assert shared.analyze(" aapl", options(train=False), progress=silent) is first
    assert len(answers.asked) == 1


@pytest.mark.parametrize(
    "other",
    [("MSFT", WEEK), ("AAPL", options(train=False, horizon=3)),
     ("AAPL", options(train=False, provider="sample"))],
)  # fmt: skip
def test_another_question_is_another_analysis(other: tuple[str, Options]) -> None:
    answers = Answers()
    shared = SharedAnalyses(answers)
    shared.analyze("AAPL", WEEK, progress=silent)
    shared.analyze(*other, progress=silent)
    assert len(answers.asked) == 2


def test_an_answer_grows_old() -> None:
    answers, clock = Answers(), Clock()
    shared = SharedAnalyses(answers, seconds=60, clock=clock)
    shared.analyze("AAPL", WEEK, progress=silent)
    clock.now = 59.9
    shared.analyze("AAPL", WEEK, progress=silent)
    assert len(answers.asked) == 1
    clock.now = 60.0
    shared.analyze("AAPL", WEEK, progress=silent)
    assert len(answers.asked) == 2


def test_the_oldest_goes_when_there_are_too_many() -> None:
    answers = Answers()
    shared = SharedAnalyses(answers, size=2)
    asked = [options(train=False, horizon=horizon) for horizon in (1, 2, 3)]
    for one in asked:
        shared.analyze("AAPL", one, progress=silent)
    for one in reversed(asked):
        shared.analyze("AAPL", one, progress=silent)
    assert [one.horizon for _, one in answers.asked] == [1, 2, 3, 1]


def test_whoever_asks_meanwhile_waits_for_the_same() -> None:
    answers = Answers()
    answers.gate.clear()
    shared = SharedAnalyses(answers)
    waiting = threading.Event()

    def progress(task: str, share: float) -> None:
        if task.startswith("Waiting"):
            waiting.set()

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(shared.analyze, "AAPL", WEEK, progress=progress) for _ in range(2)]
        assert waiting.wait(timeout=30)
        answers.gate.set()
        first, second = (future.result(timeout=30) for future in both)
    assert first is second
    assert len(answers.asked) == 1


def test_an_error_reaches_the_asker_and_isnt_kept() -> None:
    answers = Answers(failure=RuntimeError("once"))
    shared = SharedAnalyses(answers)
    with pytest.raises(RuntimeError, match="once"):
        shared.analyze("AAPL", WEEK, progress=silent)
    answers.failure = None
    assert shared.analyze("AAPL", WEEK, progress=silent).symbol == "AAPL"


def test_what_isnt_a_symbol_isnt_asked() -> None:
    answers = Answers()
    with pytest.raises(InvalidSymbol):
        SharedAnalyses(answers).analyze("../../etc/passwd", WEEK, progress=silent)
    assert answers.asked == []
