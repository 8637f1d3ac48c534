"""Work in time, late work, failing work."""

from threading import Event

import pytest

from stockanalyst.infra.background import within


def test_work_in_time() -> None:
    assert within(5.0, lambda: 42) == 42


def test_late_work() -> None:
    never = Event()
    with pytest.raises(TimeoutError):
        within(0.01, never.wait)
    never.set()


def test_failing_work_fails_here() -> None:
    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError, match="x"):
        within(5.0, fail)
