"""What two amounts say of each other: *to A from B*, *from B to A*, *A compared with B*."""

from collections.abc import Sequence
from typing import NamedTuple

from stockanalyst.sentiment.lexicons.reading import Mark, Sign
from stockanalyst.sentiment.lexicons.vocabulary import Kind

BETTER, BETTER_OF_UNKNOWN, SWUNG = 1.0, 0.6, 2.0
"""For the better; the same where no gauge says of what; and from a loss to a profit."""

_REACH_BACK, _REACH_AHEAD, _REACH_TO = 25, 12, 4  # tokens
_MOST = 10  # in a sentence; what has more is no sentence


class Comparison(NamedTuple):
    """What is compared, and how it came out.

    Attributes
    ----------
    worth : float
        Positive for the better.
    gauges : frozenset of int
        Positions, among the signs, of the gauges that it is about.
    """

    worth: float
    gauges: frozenset[int]


def compared(signs: Sequence[Sign]) -> list[Comparison]:
    """The comparisons in a sentence; what stands in brackets, such as conversions, is left out."""
    amounts = _amounts(signs)
    if len(amounts) < 2:
        return []
    cues = [at for at, sign in enumerate(signs) if _is_cue(sign)]
    pairs = [pair for cue in cues[:_MOST] if (pair := _pair(signs, amounts, cue))]
    return [_comparison(signs, *pair) for pair in pairs]


def _is_cue(sign: Sign) -> bool:
    return sign.kind is Kind.CUE or (sign.kind is Kind.MOVE and sign.link == "from")


def _amounts(signs: Sequence[Sign]) -> list[int]:
    depth, found = 0, []
    for at, sign in enumerate(signs):
        if sign.kind is Mark.OPEN:
            depth += 1
        elif sign.kind is Mark.CLOSE:
            depth = max(0, depth - 1)
        elif sign.kind is Mark.AMOUNT and not depth:
            found.append(at)
    return found


def _pair(signs: Sequence[Sign], amounts: list[int], cue: int) -> tuple[int, int, int] | None:
    """Positions of the newer amount, of the older, and of the cue between or before them."""
    place = signs[cue].place
    later = [at for at in amounts if at > cue and signs[at].place - place <= _REACH_AHEAD]
    if not later:
        return None
    older = later[0]
    earlier = [at for at in amounts if at < cue and place - signs[at].place <= _REACH_BACK]
    for at in reversed(earlier):
        if signs[at].link == signs[older].link:
            return at, older, cue
    follows = len(later) > 1 and signs[later[1]].place - signs[older].place <= _REACH_TO
    if follows and signs[cue].weight and signs[later[1]].link == signs[older].link:
        return later[1], older, cue
    return None


def _comparison(signs: Sequence[Sign], newer: int, older: int, cue: int) -> Comparison:
    of_newer = _gauge(signs, range(min(newer, cue), -1, -1))
    of_older = _gauge(signs, range(older, cue, -1))
    if of_older is None:
        of_older = _loss_behind(signs, older) or of_newer
    directions = [_direction(signs, at) for at in (of_newer, of_older)]
    change = signs[newer].weight * directions[0] - signs[older].weight * directions[1]
    size = BETTER if of_newer is not None else BETTER_OF_UNKNOWN
    if directions[0] != directions[1]:
        size = SWUNG
    gauges = frozenset(at for at in (of_newer, of_older) if at is not None)
    return Comparison(size * ((change > 0) - (change < 0)), gauges)


def _gauge(signs: Sequence[Sign], positions: range) -> int | None:
    return next((at for at in positions if _is_gauge(signs[at])), None)


def _is_gauge(sign: Sign) -> bool:
    return sign.kind is Kind.GAUGE and sign.weight != 0


def _loss_behind(signs: Sequence[Sign], amount: int) -> int | None:
    """The gauge of *a EUR 0.3 mn loss*."""
    at = amount + 1
    if at == len(signs) or signs[at].kind is not Kind.GAUGE or signs[at].weight >= 0:
        return None
    return at if signs[at].place - signs[amount].place <= 3 else None


def _direction(signs: Sequence[Sign], gauge: int | None) -> int:
    return -1 if gauge is not None and signs[gauge].weight < 0 else 1
