"""From signs to a sum: above 0 for good news, below for bad, about 1 for each piece of it.

Negation, intensifiers and *but* work as in VADER [1]_, with weights of our own.

References
----------
.. [1] Hutto, Gilbert: VADER: a parsimonious rule-based model for sentiment analysis of social
   media text. ICWSM 2014.
"""

from collections.abc import Callable, Iterator, Sequence

from stockanalyst.sentiment.lexicons.comparisons import SWUNG, compared
from stockanalyst.sentiment.lexicons.moves import Gauges
from stockanalyst.sentiment.lexicons.reading import Mark, Sign
from stockanalyst.sentiment.lexicons.vocabulary import Kind

NEGATED = -0.8
"""Times what is said within three tokens behind a negator."""
CONCEDED = 0.3
"""Times what follows *despite*, up to the comma if the sentence begins so."""
BEFORE_BUT = 0.5
ASKED = 0.5
"""Times a question."""
UNANCHORED = 0.5
"""Times everyday words in a text that isn't about business."""

_FAR = -99
_NEAR_SCALE, _NEAR_NEGATOR, _NEAR_CUE, _NEAR_RATING = 2, 3, 2, 7
_ANCHORS = {Kind.ANCHOR, Kind.TONE, Kind.JARGON, Kind.RATING, Kind.CALL, Mark.CASHTAG}
_ENDS = {Mark.STOP, Mark.QUESTION}


def weigh(signs: Sequence[Sign]) -> float:
    """The sum of what a text's signs say."""
    everyday = 1.0 if any(map(_anchors, signs)) else UNANCHORED
    return sum(_Sentence(part, everyday).total() for part in _sentences(signs))


def _anchors(sign: Sign) -> bool:
    if sign.kind is Kind.GAUGE:
        return sign.weight != 0
    return sign.kind in _ANCHORS or (sign.kind is Mark.AMOUNT and sign.link != "")


def _sentences(signs: Sequence[Sign]) -> Iterator[Sequence[Sign]]:
    start = 0
    for end, sign in enumerate(signs, 1):
        if sign.kind in _ENDS:
            yield signs[start:end]
            start = end
    if start < len(signs):
        yield signs[start:]


class _Sentence:
    """One pass over the signs of a sentence."""

    def __init__(self, signs: Sequence[Sign], everyday: float) -> None:
        self.signs = signs
        self.everyday = everyday
        self.gauges = Gauges(signs)
        self.amounts: list[float] = []
        self.idle: dict[int, int] = {}
        """Gauges that nothing was said of when they came, and their places in `amounts`."""
        self.factor = self.scale = 1.0
        self.scaled_at = self.negated_at = self.cued_at = _FAR
        self.moved: tuple[Sign, int] | None = None
        """The last move that said something, and the place of that in `amounts`."""
        self.conceding = False

    def total(self) -> float:
        """What the sentence says."""
        for at, sign in enumerate(self.signs):
            if rule := _RULES.get(sign.kind):
                rule(self, at, sign)
        comparisons = compared(self.signs)
        spoken = self.gauges.spoken.union(*(found.gauges for found in comparisons))
        for gauge in spoken & self.idle.keys():
            self.amounts[self.idle[gauge]] = 0.0
        total = sum(self.amounts) + sum(found.worth for found in comparisons)
        return total * ASKED if self.signs[-1].kind is Mark.QUESTION else total

    def say(self, sign: Sign, amount: float) -> None:
        """Add an amount, modified by what stands before it."""
        if sign.place - self.scaled_at <= _NEAR_SCALE:
            amount *= self.scale
        if sign.place - self.negated_at <= _NEAR_NEGATOR:
            amount *= NEGATED
        self.amounts.append(amount * self.factor)

    def move(self, at: int, sign: Sign) -> None:
        if amount := self.gauges.move(at):
            self.moved = sign, len(self.amounts)
            self.say(sign, amount)

    def swing(self, at: int, sign: Sign) -> None:
        if amount := self.gauges.swing(at):
            self.say(sign, amount)

    def gauge(self, at: int, sign: Sign) -> None:
        if sign.alone:
            self.idle[at] = len(self.amounts)
            self.say(sign, sign.alone)

    def tone(self, _: int, sign: Sign) -> None:
        if sign.place - self.cued_at > _NEAR_CUE:
            self.say(sign, sign.weight)

    def word(self, _: int, sign: Sign) -> None:
        if sign.place - self.cued_at > _NEAR_CUE:
            self.say(sign, sign.weight * self.everyday)

    def rating(self, _: int, sign: Sign) -> None:
        """A rating that something moved is a change; else it counts, unless it is the old one."""
        move, said = self.moved or (None, 0)
        if move and sign.place - move.place <= _NEAR_RATING:
            if abs(self.amounts[said]) < SWUNG:
                self.amounts[said] = SWUNG if move.weight > 0 else -SWUNG
        elif sign.place - self.cued_at > _NEAR_CUE:
            self.say(sign, sign.weight)

    def scaling(self, at: int, sign: Sign) -> None:
        """*Fell sharply*, or *sharply lower*."""
        move, said = self.moved or (None, 0)
        if move and move is self.signs[at - 1] and sign.place - move.place == 1:
            self.amounts[said] *= sign.weight
        else:
            self.scale, self.scaled_at = sign.weight, sign.place

    def negator(self, _: int, sign: Sign) -> None:
        self.negated_at = sign.place

    def cue(self, _: int, sign: Sign) -> None:
        self.cued_at = sign.place

    def but(self, _at: int, _sign: Sign) -> None:
        self.amounts = [amount * BEFORE_BUT for amount in self.amounts]
        self.factor, self.negated_at = 1.0, _FAR

    def aside(self, _at: int, _sign: Sign) -> None:
        self.factor, self.conceding = CONCEDED, not self.amounts

    def comma(self, _at: int, _sign: Sign) -> None:
        self.negated_at = _FAR
        if self.conceding:
            self.factor, self.conceding = 1.0, False

    def clause(self, _: int, sign: Sign) -> None:
        """Why it happened weighs less than what happened."""
        if self.amounts and self.factor == 1:
            self.factor = sign.weight


_RULES: dict[Kind | Mark, Callable[[_Sentence, int, Sign], None]] = {
    Kind.MOVE: _Sentence.move,
    Kind.SWING: _Sentence.swing,
    Kind.GAUGE: _Sentence.gauge,
    Kind.TONE: _Sentence.tone,
    Kind.JARGON: _Sentence.tone,
    Kind.CALL: _Sentence.tone,
    Kind.WORD: _Sentence.word,
    Kind.RATING: _Sentence.rating,
    Kind.SCALE: _Sentence.scaling,
    Kind.NEGATOR: _Sentence.negator,
    Kind.CUE: _Sentence.cue,
    Kind.BUT: _Sentence.but,
    Kind.ASIDE: _Sentence.aside,
    Kind.CLAUSE: _Sentence.clause,
    Mark.COMMA: _Sentence.comma,
}
