"""Which of two lots of one day goes first; all else of the queues stands in the tests of lots."""

from datetime import date

import pytest

from stockanalyst.portfolio.lot_queues import QUEUES, Lot

EARLY, DAY = date(2024, 1, 1), date(2024, 5, 6)


@pytest.mark.parametrize(
    ("method", "gone"), [("fifo", [7, 9, 3]), ("lifo", [3, 9, 7]), ("average", [7, 9, 3])]
)
def test_lots_of_one_day_go_as_they_were_added(method: str, gone: list[int]) -> None:
    queue = QUEUES[method]()
    for day, number in ((DAY, 9), (DAY, 3), (EARLY, 7)):
        queue.add(Lot(day, number, 0, 5, 50))
    assert [lot.opened_by for lot, _, _ in queue.take(15)] == gone


@pytest.mark.parametrize("method", QUEUES)
def test_what_is_left_keeps_the_order(method: str) -> None:
    queue = QUEUES[method]()
    for number in (9, 3):
        queue.add(Lot(DAY, number, 0, 5, 50))
    queue.take(1)
    queue.add(Lot(EARLY, 7, 0, 5, 50))
    queue.add(Lot(DAY, 1, 0, 5, 50))
    assert [lot.opened_by for lot in queue.drain()] == [7, 9, 3, 1]
    assert queue.units == 0
