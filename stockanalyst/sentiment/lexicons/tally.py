"""What a sentence has said so far, and what modifies what it says next."""

from stockanalyst.sentiment.lexicons.reading import Sign

NEGATED = -0.8
"""Times what is said within three tokens behind a negator."""
HEDGED = 0.8
"""Size, at most, of a clause with *could*."""

_FAR = -99
_NEAR_SCALE, _NEAR_NEGATOR, _NEAR_HEDGE, _NEAR_ENDING = 2, 3, 6, 4


class Tally:
    """Amounts in the order in which they were said.

    Attributes
    ----------
    amounts : list of float
    factor : float
        Times all that is said from now on.
    """

    def __init__(self) -> None:
        self.amounts: list[float] = []
        self.factor = 1.0
        self._scale = 1.0
        self._scaled_at = self._negated_at = self._hedged_at = self._said_at = _FAR
        self._clause_from = 0
        self._unturned: int | None = None

    def say(self, sign: Sign, amount: float) -> None:
        """Add an amount, modified by what stands before it."""
        if sign.place - self._scaled_at <= _NEAR_SCALE:
            amount *= self._scale
        if self.negates(sign.place):
            amount *= NEGATED
            self._take_back()
        amount *= self.factor
        hedged = sign.place - self._hedged_at <= _NEAR_HEDGE
        self.amounts.append(self._hedged(amount) if hedged else amount)
        self._said_at = sign.place

    def scale(self, place: int, factor: float) -> None:
        """*Sharply*: multiplies what stands beside it."""
        self._scale, self._scaled_at = factor, place

    def negate(self, place: int, alone: float = 0.0) -> None:
        """*Not*, or *fails to*, which says `alone` until there is something to turn."""
        self._negated_at, self._unturned = place, None
        if alone:
            self._unturned = len(self.amounts)
            self.amounts.append(alone * self.factor)

    def negates(self, place: int) -> bool:
        """Whether what is said there is turned."""
        return place - self._negated_at <= _NEAR_NEGATOR

    def turn_last(self, place: int) -> None:
        """*The rally is over*: turns what was said last; of a guess, all that its clause said."""
        if not self.amounts or place - self._said_at > _NEAR_ENDING:
            return
        if place - self._hedged_at <= _NEAR_HEDGE:
            self.amounts.append((NEGATED - 1) * sum(self.amounts[self._clause_from :]))
        else:
            self.amounts[-1] *= NEGATED

    def hedge(self, place: int) -> None:
        """*A miss could sink the shares*: the clause says little, before and behind."""
        self._hedged_at = place
        self.amounts.append(self._hedged(0.0))

    def begin_clause(self) -> None:
        """What is unsure in one clause is not in the next."""
        self._clause_from, self._hedged_at = len(self.amounts), _FAR

    def pause(self) -> None:
        """A comma: nothing is negated across it."""
        self._negated_at = _FAR
        self.begin_clause()

    def weaken(self, factor: float) -> None:
        """Multiply all that was said, and begin anew."""
        self.amounts = [amount * factor for amount in self.amounts]
        self.factor = 1.0
        self.pause()

    def _hedged(self, amount: float) -> float:
        """What may be added to the clause."""
        said = sum(self.amounts[self._clause_from :])
        return min(max(said + amount, -HEDGED), HEDGED) - said

    def _take_back(self) -> None:
        if self._unturned is not None:
            self.amounts[self._unturned], self._unturned = 0.0, None
