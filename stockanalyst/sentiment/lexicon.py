"""The finance lexicon: rules and words of our own, no training and no download."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from stockanalyst.exceptions import InputError, check_choice
from stockanalyst.sentiment.lexicons.reading import Sign, read
from stockanalyst.sentiment.lexicons.rules import weigh
from stockanalyst.sentiment.lexicons.tokens import tokens_of
from stockanalyst.sentiment.lexicons.user_file import checked_weight
from stockanalyst.sentiment.lexicons.vocabulary import Entry, Kind, Term, Vocabulary, parse
from stockanalyst.sentiment.protocols import TextScores
from stockanalyst.sentiment.thresholds import Thresholds

THRESHOLDS = Thresholds(at=0.36, steepness=5.4)
"""Fitted on the MIT-licensed Twitter financial news, each label weighted by the root of its rarity:
other news is less often neutral."""

_SOFTNESS = 4.0
_NONE: Mapping[str, float] = MappingProxyType({})
_DATA = files("stockanalyst.sentiment.lexicons")


class FinanceLexiconScorer:
    """What a text says of profit and loss, of prices and ratings.

    Moves are weighed by what moves: profit that falls is bad, a loss that narrows is good. Phrases
    are read as one word. Amounts are compared (*to EUR 3 mn from EUR 5 mn*, *$0.88, est. $0.98*,
    *EUR 12 mn (9)*). That something bad ends is good; what only *could* happen weighs little.
    Traders' talk counts where a text has a cashtag. Of each text the first 20,000 characters are
    read.

    Parameters
    ----------
    phrases : mapping of str to float
        Words and phrases of your own, with weights from −4 to 4. They go before ours.
    words : mapping of str to float
        The same, such as :func:`~stockanalyst.sentiment.lexicons.user_file.read_lexicon` gives, but
        behind ours, which know what rises and falls.
    sectors : sequence of str
        Of :func:`sector_names`, whose words are added to ours; later ones go first.

    Raises
    ------
    InputError
        A sector that isn't there, a phrase without a word, a weight that can't be used.
    """

    name: ClassVar[str] = "finance-lexicon"

    def __init__(
        self,
        *,
        phrases: Mapping[str, float] = _NONE,
        words: Mapping[str, float] = _NONE,
        sectors: Sequence[str] = (),
    ) -> None:
        ours = [term for name in ("finance", *map(_sector, sectors)) for term in _shipped(name)]
        theirs = (_terms("words", words, Kind.WORD), _terms("phrases", phrases, Kind.TONE))
        self._vocabulary = Vocabulary([*theirs[0], *ours, *theirs[1]])

    def score(self, texts: Sequence[str]) -> TextScores:
        """See :class:`~stockanalyst.sentiment.protocols.Scorer`."""
        read_texts = [read(text, self._vocabulary) for text in texts]
        sums = np.array([weigh(signs) for signs in read_texts], dtype=np.float64)
        known = np.array([any(map(_is_term, signs)) for signs in read_texts], dtype=bool)
        return THRESHOLDS.scores(sums / np.sqrt(sums**2 + _SOFTNESS), known)


def sector_names() -> tuple[str, ...]:
    """The sectors that there are words for."""
    found = (entry.name for entry in (_DATA / "sectors").iterdir())
    return tuple(sorted(name.removesuffix(".txt") for name in found if name.endswith(".txt")))


def _sector(name: str) -> str:
    check_choice("sector", name, sector_names())
    return f"sectors/{name}"


@cache
def _shipped(name: str) -> tuple[Term, ...]:
    return tuple(parse((_DATA / f"{name}.txt").read_text(encoding="utf-8")))


def _terms(parameter: str, weights: Mapping[str, float], kind: Kind) -> Iterable[Term]:
    for term, weight in weights.items():
        if not tokens_of(term):
            raise InputError(parameter, term, "give at least one word")
        yield term, Entry(kind, checked_weight(parameter, term, weight))


def _is_term(sign: Sign) -> bool:
    return isinstance(sign.kind, Kind)
