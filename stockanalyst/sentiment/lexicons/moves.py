"""What a move is worth: profit that falls is bad, a loss that narrows is good."""

from collections.abc import Sequence

from stockanalyst.sentiment.lexicons.comparisons import SWUNG
from stockanalyst.sentiment.lexicons.reading import Mark, Sign
from stockanalyst.sentiment.lexicons.vocabulary import Kind

LARGE, SMALL = 1.2, 0.75
"""Times a move of 10 % and more, and of less than 1 %."""
MEASURED = 0.9
"""At least, of a move without a gauge, with a percentage beside it."""
TRAILING = 0.7
"""Of *up* and *down* at the end of a clause."""
PRICE = 1.6
"""Size of the gauges that are prices of shares, currencies and goods."""
RESULT = 1.3
"""Size of the gauges that are a profit or a loss."""

_BACK, _BACK_OF_A_PARTICLE, _BACK_OF_AN_END, _AHEAD, _AHEAD_OF_A_SWING = 12, 5, 8, 5, 8
_ANOTHER_CLAUSE = 3
_TOGETHER = 3
_TRANSITIVE = 0.5  # raise, cut and the like say little alone: what they move stands ahead
_NOWHERE = 99
_BARRIERS = {Kind.BUT, Kind.ASIDE}
_BEHIND_A_PARTICLE = {Kind.CLAUSE, Kind.CUE, Mark.COMMA, Mark.STOP, Mark.QUESTION}


class Gauges:
    """Where a sentence's gauges are, and which of them something was said of.

    Parameters
    ----------
    signs : sequence of Sign
        Of the sentence.
    """

    def __init__(self, signs: Sequence[Sign]) -> None:
        self.signs = signs
        self.spoken: set[int] = set()
        self._behind, self._clauses = _behind(signs)
        self._ahead = _ahead(signs)

    def move(self, at: int) -> float:
        """What the move there is worth."""
        if self._falls_to_a_loss(at):
            return self.swing(at)
        measure = self._measure(at)
        gauge = self._gauge_of(at, measured=measure is not None)
        if gauge is None:
            return self._alone(at, measure) * _size(measure)
        self._speak(gauge)
        return self.signs[at].weight * self.signs[gauge].weight * _size(measure)

    def end(self, at: int) -> float:
        """What it is worth that something bad ends; nothing where there is none near."""
        ahead = self._ahead[at] if self._forth(at) < _NOWHERE else None
        behind = self._behind[at] if self._back(at, _BACK_OF_AN_END) < _NOWHERE else None
        near = [gauge for gauge in (ahead, behind) if gauge is not None]
        bad = [gauge for gauge in near if self.signs[gauge].weight < 0]
        for gauge in bad:
            self._speak(gauge)
        return max((-self.signs[gauge].weight for gauge in bad), default=0.0)

    def _speak(self, gauge: int) -> None:
        """Of that gauge, and of what it belongs to: *fears of recession*."""
        self.spoken.add(gauge)
        for beside in (gauge - 1, gauge + 1):
            if 0 <= beside < len(self.signs) and self._belong(gauge, beside):
                self.spoken.add(beside)

    def _belong(self, gauge: int, beside: int) -> bool:
        one, other = self.signs[gauge], self.signs[beside]
        near = abs(one.place - other.place) <= _TOGETHER
        return other.kind is Kind.GAUGE and near and one.weight < 0 > other.weight

    def is_of_a_price(self, at: int) -> bool:
        """Whether the nearest gauge behind a move, as in *shares fall*, is a price."""
        gauge = self._behind[at]
        return gauge is not None and self.signs[gauge].weight == PRICE

    def swing(self, at: int) -> float:
        """What *swung to a loss* is worth; nothing where no result is near."""
        gauge = self._ahead[at]
        if gauge is None or abs(self.signs[gauge].weight) != RESULT:
            return 0.0
        if self.signs[gauge].place - self.signs[at].place > _AHEAD_OF_A_SWING:
            return 0.0
        self.spoken.add(gauge)
        return SWUNG if self.signs[gauge].weight > 0 else -SWUNG

    def _gauge_of(self, at: int, *, measured: bool) -> int | None:
        sign, behind, ahead = self.signs[at], self._behind[at], self._ahead[at]
        reach = _BACK if sign.alone or measured else _BACK_OF_A_PARTICLE
        back, forth = self._back(at, reach), self._forth(at)
        if min(back, forth) == _NOWHERE:
            return None
        taken = behind in self.spoken and ahead not in self.spoken and forth <= 3
        return ahead if back > forth + 1 or taken else behind

    def _back(self, at: int, reach: int) -> int:
        gauge = self._behind[at]
        if gauge is None:
            return _NOWHERE
        other_clause = self._clauses[at] != self._clauses[gauge]
        steps = self.signs[at].place - self.signs[gauge].place + _ANOTHER_CLAUSE * other_clause
        return steps if steps <= reach else _NOWHERE

    def _forth(self, at: int) -> int:
        gauge = self._ahead[at]
        steps = _NOWHERE if gauge is None else self.signs[gauge].place - self.signs[at].place
        if steps > _AHEAD:
            return _NOWHERE
        return steps - 2 if 0 < abs(self.signs[at].alone) < _TRANSITIVE else steps

    def _falls_to_a_loss(self, at: int) -> bool:
        """Whether it is *slipped to a loss*; not *narrowed to a loss of 3*."""
        sign, ahead = self.signs[at], self._ahead[at]
        if ahead is None or sign.link != "to" or sign.alone > -1:
            return False
        loss = self.signs[ahead]
        return loss.weight == -RESULT and loss.place - sign.place <= _AHEAD_OF_A_SWING

    def _measure(self, at: int) -> Sign | None:
        """The amount beside a move."""
        for sign in (*self.signs[at + 1 : at + 3], *self.signs[max(at - 1, 0) : at]):
            if sign.kind is Mark.AMOUNT and -2 <= sign.place - self.signs[at].place <= 4:
                return sign
        return None

    def _alone(self, at: int, measure: Sign | None) -> float:
        sign = self.signs[at]
        direction = 1.0 if sign.weight > 0 else -1.0
        if measure is not None and (measure.link == "%" or not sign.alone):
            return direction * max(abs(sign.alone), MEASURED)
        return sign.alone or (sign.weight * TRAILING if self._trails(at) else 0.0)

    def _trails(self, at: int) -> bool:
        if at + 1 == len(self.signs):
            return True
        following = self.signs[at + 1]
        return following.kind in _BEHIND_A_PARTICLE and following.place == self.signs[at].place + 1


def _size(measure: Sign | None) -> float:
    if measure is None or measure.link != "%" or 1 <= abs(measure.weight) < 10:
        return 1.0
    return LARGE if abs(measure.weight) >= 10 else SMALL


def _behind(signs: Sequence[Sign]) -> tuple[list[int | None], list[int]]:
    """For each sign the last gauge before it, and the number of its clause."""
    gauge, clause = None, 0
    gauges: list[int | None] = []
    clauses: list[int] = []
    for at, sign in enumerate(signs):
        gauges.append(gauge)
        if sign.kind is Kind.GAUGE:
            gauge = at
        elif sign.kind is Kind.CLAUSE:
            clause += 1
        elif sign.kind in _BARRIERS:
            gauge, clause = None, clause + 1
        clauses.append(clause)
    return gauges, clauses


def _ahead(signs: Sequence[Sign]) -> list[int | None]:
    """For each sign the next gauge of its clause."""
    gauge = None
    gauges: list[int | None] = []
    for at in range(len(signs) - 1, -1, -1):
        gauges.append(gauge)
        if signs[at].kind is Kind.GAUGE:
            gauge = at
        elif signs[at].kind is Kind.CLAUSE or signs[at].kind in _BARRIERS:
            gauge = None
    return gauges[::-1]
