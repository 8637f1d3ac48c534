"""What two amounts say of each other: *to A from B*, *A vs B*, *A, estimate B*, *A (B)*."""

from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

from stockanalyst.sentiment.lexicons.reading import Mark, Sign
from stockanalyst.sentiment.lexicons.vocabulary import Kind

BETTER, BETTER_OF_UNKNOWN, SWUNG = 1.0, 0.6, 2.0
"""For the better; the same where no gauge says of what; and from a loss to a profit."""

_REACH_BACK, _REACH_AHEAD, _REACH_TO = 25, 12, 4  # tokens
_MOST_INSIDE = 3
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
    """The comparisons in a sentence; conversions in brackets are left out."""
    if sum(sign.kind is Mark.AMOUNT for sign in signs) < 2:
        return []
    amounts = _amounts(signs)
    cues = [at for at, sign in enumerate(signs) if _is_cue(sign)]
    brackets = [at for at, sign in enumerate(signs) if sign.kind is Mark.OPEN]
    pairs = [_pair(signs, amounts, cue) for cue in cues[:_MOST]]
    pairs += [_bracketed(signs, at) for at in brackets[:_MOST]]
    return [_comparison(signs, *pair) for pair in pairs if pair]


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


def _bracketed(signs: Sequence[Sign], opening: int) -> tuple[int, int, int] | None:
    """*EUR 12 mn (9)*, *(2010: 9 mn)*, *(loss of 9 mn)*, *(est. 9 mn)*."""
    inside = list(takewhile(lambda sign: sign.kind is not Mark.CLOSE, signs[opening + 1 :]))
    newer, older = opening - 1, opening + len(inside)
    if newer < 0 or not inside or older + 1 == len(signs) or len(inside) > _MOST_INSIDE:
        return None
    if not _are_alike(signs[newer], signs[older]) or signs[opening].place - signs[newer].place > 2:
        return None
    steps = (signs[at + 1].place - signs[at].place for at in (older - 1, older))
    told = signs[older].link or signs[older].alone > 1 or len(inside) > 1  # else *(page 3)*
    return (newer, older, opening) if max(steps) <= (2 if told else 1) else None


def _are_alike(newer: Sign, older: Sign) -> bool:
    return newer.kind is older.kind is Mark.AMOUNT and older.link in ("", newer.link)


def _comparison(signs: Sequence[Sign], newer: int, older: int, cue: int) -> Comparison:
    of_newer = _gauge(signs, range(min(newer, cue), -1, -1))
    of_older = _gauge(signs, range(older, cue, -1))
    if of_older is None:
        of_older = _loss_behind(signs, older) or of_newer
    directions = [_direction(signs, at) for at in (of_newer, of_older)]
    values = signs[newer].weight, _value(signs, newer, older)
    after, before = map(_worth, values, directions)
    size = BETTER if of_newer is not None else BETTER_OF_UNKNOWN
    if directions[0] != directions[1]:
        size = SWUNG
    gauges = frozenset(at for at in (of_newer, of_older) if at is not None)
    return Comparison(size * ((after > before) - (after < before)), gauges)


def _worth(value: float, direction: int) -> float:
    """A loss of −3 is a loss of 3."""
    return value if direction > 0 else -abs(value)


def _value(signs: Sequence[Sign], newer: int, older: int) -> float:
    """The older amount, in millions if the newer is, and it stands bare in brackets."""
    before = [sign.kind for sign in signs[max(older - 2, 0) : older]]
    opens = before[-1:] == [Mark.OPEN] or before == [Mark.OPEN, Mark.COMMA]
    bare = opens and signs[older].alone == 1 and not signs[older].link
    return signs[older].weight * (signs[newer].alone if bare else 1.0)


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
