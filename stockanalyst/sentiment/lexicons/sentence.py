"""A sentence's sum: each of its signs by the rule of its kind."""

import math
from collections.abc import Callable, Sequence

from stockanalyst.sentiment.lexicons.comparisons import SWUNG, compared
from stockanalyst.sentiment.lexicons.moves import Gauges
from stockanalyst.sentiment.lexicons.reading import Mark, Sign
from stockanalyst.sentiment.lexicons.tally import NEGATED, Tally
from stockanalyst.sentiment.lexicons.vocabulary import Kind

DENIED = 1.0
"""Size, at least, of *no layoffs* and *no growth*."""
CONCEDED = 0.3
"""Times what follows *despite*, up to the comma if the sentence begins so."""
BEHIND_A_PRICE = 0.4
"""Times the reason for a move of prices: *shares climb after a miss*."""
BEFORE_BUT = 0.5
ASKED = 0.5
"""Times a question."""

_FAR = -99
_NEAR_CUE, _NEAR_RATING = 2, 7
_TELLING = 0.6  # gauges that are news by themselves: growth, layoffs


def sum_of(signs: Sequence[Sign], start: int, everyday: float) -> float:
    """What a sentence says.

    Parameters
    ----------
    signs : sequence of Sign
    start : int
        Place of its first token.
    everyday : float
        Times what everyday words say.
    """
    return _Sentence(signs, start, everyday).total()


class _Sentence:
    """One pass over the signs of a sentence."""

    def __init__(self, signs: Sequence[Sign], start: int, everyday: float) -> None:
        self.signs = signs
        self.start = start
        self.everyday = everyday
        self.gauges = Gauges(signs)
        self.tally = Tally()
        self.idle: dict[int, int] = {}
        """Gauges that nothing was said of when they came, and their places in the tally."""
        self.cued_at = _FAR
        self.moved: tuple[Sign, int] | None = None
        """The last move that said something, and the place of that in the tally."""
        self.conceding = self.priced = False

    def total(self) -> float:
        for at, sign in enumerate(self.signs):
            if rule := _RULES.get(sign.kind):
                rule(self, at, sign)
        comparisons = compared(self.signs)
        spoken = self.gauges.spoken.union(*(found.gauges for found in comparisons))
        for gauge in spoken & self.idle.keys():
            self.tally.amounts[self.idle[gauge]] = 0.0
        total = sum(self.tally.amounts) + sum(found.worth for found in comparisons)
        return total * ASKED if self.signs[-1].kind is Mark.QUESTION else total

    def move(self, at: int, sign: Sign) -> None:
        if self._is_of_the_older(at, sign):
            return
        if amount := self.gauges.move(at):
            self.priced = self.priced or self.gauges.is_of_a_price(at)
            self.moved = sign, len(self.tally.amounts)
            self.tally.say(sign, amount)

    def _is_of_the_older(self, at: int, sign: Sign) -> bool:
        """Whether it is the sign of the second amount in *+0.1 % vs +0.4 %*."""
        if sign.place - self.cued_at != 1:
            return False
        return any(following.place == sign.place for following in self.signs[at + 1 : at + 2])

    def swing(self, at: int, sign: Sign) -> None:
        if amount := self.gauges.swing(at):
            self.tally.say(sign, amount)

    def ending(self, at: int, sign: Sign) -> None:
        """*Strike ends*, *the rally is over*, *no longer weak*."""
        if amount := self.gauges.end(at):
            self.tally.say(sign, amount)
        if sign.weight < 0:
            self.tally.negate(sign.place)
        elif sign.weight > 0 and not amount:
            self.tally.turn_last(sign.place)

    def gauge(self, at: int, sign: Sign) -> None:
        amount = sign.alone
        if not amount:
            return
        self.idle[at] = len(self.tally.amounts)
        if abs(amount) >= _TELLING and self.tally.negates(sign.place):
            amount = math.copysign(max(DENIED / -NEGATED, abs(amount)), amount)
        self.tally.say(sign, amount)

    def tone(self, _: int, sign: Sign) -> None:
        if sign.place - self.cued_at > _NEAR_CUE:
            self.tally.say(sign, sign.weight)

    def word(self, _: int, sign: Sign) -> None:
        if sign.place - self.cued_at > _NEAR_CUE:
            self.tally.say(sign, sign.weight * self.everyday)

    def rating(self, at: int, sign: Sign) -> None:
        """A rating that something moved is a change; else it counts, unless it is the old one."""
        move, said = self.moved or (None, 0)
        if move and sign.place - move.place <= _NEAR_RATING:
            if abs(self.tally.amounts[said]) < SWUNG:
                self.tally.amounts[said] = SWUNG if move.weight > 0 else -SWUNG
        else:
            self.tone(at, sign)

    def scaling(self, at: int, sign: Sign) -> None:
        """*Fell sharply*, or *sharply lower*."""
        move, said = self.moved or (None, 0)
        if move and move is self.signs[at - 1] and sign.place - move.place == 1:
            self.tally.amounts[said] *= sign.weight
        else:
            self.tally.scale(sign.place, sign.weight)

    def negator(self, _: int, sign: Sign) -> None:
        self.tally.negate(sign.place, sign.weight * self.everyday)

    def hedge(self, _: int, sign: Sign) -> None:
        self.tally.hedge(sign.place)

    def cue(self, _: int, sign: Sign) -> None:
        self.cued_at = sign.place

    def but(self, _: int, sign: Sign) -> None:
        """*But*, or *could not save*, which undoes what stands before it."""
        self.tally.weaken(0.0 if sign.weight else BEFORE_BUT)
        self.tally.amounts.append(sign.weight)

    def aside(self, _at: int, _sign: Sign) -> None:
        self.tally.factor, self.conceding = CONCEDED, not self.tally.amounts

    def comma(self, _at: int, _sign: Sign) -> None:
        self.tally.pause()
        if self.conceding:
            self.tally.factor, self.conceding = 1.0, False

    def clause(self, _: int, sign: Sign) -> None:
        """Why it happened weighs less than what happened, above all if prices moved."""
        self.tally.begin_clause()
        if sign.weight < 1 and sign.place == self.start:
            self._concede_to_a_comma(min(sign.weight, CONCEDED))
        elif self.tally.amounts and self.tally.factor == 1:
            behind_a_price = self.priced and sign.weight < 1
            self.tally.factor = sign.weight * (BEHIND_A_PRICE if behind_a_price else 1.0)

    def _concede_to_a_comma(self, factor: float) -> None:
        """As in *while sales rose, profit fell*."""
        if any(sign.kind is Mark.COMMA for sign in self.signs):
            self.tally.factor, self.conceding = factor, True


_RULES: dict[Kind | Mark, Callable[[_Sentence, int, Sign], None]] = {
    Kind.MOVE: _Sentence.move,
    Kind.SWING: _Sentence.swing,
    Kind.ENDING: _Sentence.ending,
    Kind.GAUGE: _Sentence.gauge,
    Kind.TONE: _Sentence.tone,
    Kind.JARGON: _Sentence.tone,
    Kind.CALL: _Sentence.tone,
    Kind.WORD: _Sentence.word,
    Kind.RATING: _Sentence.rating,
    Kind.SCALE: _Sentence.scaling,
    Kind.NEGATOR: _Sentence.negator,
    Kind.HEDGE: _Sentence.hedge,
    Kind.CUE: _Sentence.cue,
    Kind.BUT: _Sentence.but,
    Kind.ASIDE: _Sentence.aside,
    Kind.CLAUSE: _Sentence.clause,
    Mark.COMMA: _Sentence.comma,
}
