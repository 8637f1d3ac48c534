"""From signs to a sum: above 0 for good news, below for bad, about 1 for each piece of it.

Negation, intensifiers and *but* work as in VADER [1]_, with weights of our own.

References
----------
.. [1] Hutto, Gilbert: VADER: a parsimonious rule-based model for sentiment analysis of social
   media text. ICWSM 2014.
"""

from collections.abc import Iterator, Sequence

from stockanalyst.sentiment.lexicons.reading import Mark, Sign
from stockanalyst.sentiment.lexicons.sentence import sum_of
from stockanalyst.sentiment.lexicons.vocabulary import Kind

UNANCHORED = 0.5
"""Times everyday words in a text that isn't about business."""

_ANCHORS = {Kind.ANCHOR, Kind.TONE, Kind.JARGON, Kind.RATING, Kind.CALL, Mark.CASHTAG}
_ENDS = {Mark.STOP, Mark.QUESTION}


def weigh(signs: Sequence[Sign]) -> float:
    """The sum of what a text's signs say."""
    everyday = 1.0 if any(map(_anchors, signs)) else UNANCHORED
    return sum(sum_of(part, start, everyday) for start, part in _sentences(signs))


def _anchors(sign: Sign) -> bool:
    if sign.kind is Kind.GAUGE:
        return sign.weight != 0
    return sign.kind in _ANCHORS or (sign.kind is Mark.AMOUNT and sign.link != "")


def _sentences(signs: Sequence[Sign]) -> Iterator[tuple[int, Sequence[Sign]]]:
    """Each with the place of its first token."""
    start = place = 0
    for end, sign in enumerate(signs, 1):
        if sign.kind in _ENDS:
            yield place, signs[start:end]
            start, place = end, sign.place + 1
    if start < len(signs):
        yield place, signs[start:]
