import pytest

from stockanalyst.sentiment.lexicons.reading import Sign
from stockanalyst.sentiment.lexicons.tally import Tally
from stockanalyst.sentiment.lexicons.vocabulary import Kind


def said(tally: Tally, place: int, amount: float) -> float:
    before = sum(tally.amounts)
    tally.say(Sign(place, Kind.TONE), amount)
    return sum(tally.amounts) - before


@pytest.mark.parametrize(("place", "amount"), [(3, -0.8), (4, 1.0)])
def test_a_negator_reaches_three_tokens(place: int, amount: float) -> None:
    tally = Tally()
    tally.negate(0)
    assert said(tally, place, 1.0) == amount


def test_a_negator_speaks_for_itself_until_there_is_something_to_turn() -> None:
    tally = Tally()
    tally.negate(0, alone=-0.5)
    assert tally.amounts == [-0.5]
    tally.say(Sign(1, Kind.TONE), -1.0)
    assert sum(tally.amounts) == 0.8


def test_a_hedge_caps_its_clause_before_and_behind() -> None:
    tally = Tally()
    tally.say(Sign(0, Kind.TONE), 2.0)
    tally.hedge(1)
    assert sum(tally.amounts) == pytest.approx(0.8)
    assert said(tally, 2, 2.0) == pytest.approx(0)
    assert said(tally, 3, -5.0) == pytest.approx(-1.6)
    tally.begin_clause()
    assert said(tally, 4, 2.0) == 2


def test_what_was_just_said_is_turned() -> None:
    tally = Tally()
    tally.turn_last(0)
    tally.say(Sign(1, Kind.TONE), 1.0)
    tally.turn_last(5)
    assert tally.amounts == [-0.8]
    tally.turn_last(6)
    assert tally.amounts == [-0.8]
