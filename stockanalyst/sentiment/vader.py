"""VADER, as nltk runs it, with the lexicon that the package ``vaderSentiment`` carries."""

from collections.abc import Sequence
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from stockanalyst.sentiment.lexicons.tokens import LIMIT
from stockanalyst.sentiment.protocols import TextScores
from stockanalyst.sentiment.thresholds import Thresholds

if TYPE_CHECKING:
    from nltk.sentiment.vader import SentimentIntensityAnalyzer

THRESHOLDS = Thresholds(at=0.04995, steepness=0.83, calm=1.6)
"""VADER's usual 0.05, which counts as positive: its scores have four decimals. The rest was fitted
on the MIT-licensed Twitter financial news."""


class VaderScorer:
    """VADER [1]_: general words, no finance; a baseline.

    Its polarity is the compound score, and equals that of ``vaderSentiment`` but where nltk's rules
    differ: *no*, *kind of*, words of one letter, words that come again. The first 20,000 characters
    of a text are read.

    References
    ----------
    .. [1] Hutto, Gilbert: VADER: a parsimonious rule-based model for sentiment analysis of social
       media text. ICWSM 2014.
    """

    name: ClassVar[str] = "vader"

    def score(self, texts: Sequence[str]) -> TextScores:
        """See :class:`~stockanalyst.sentiment.protocols.Scorer`."""
        read = [text[:LIMIT].translate(self._emoji) for text in texts]
        found = [self._analyzer.polarity_scores(text)["compound"] for text in read]
        known = np.array([bool(text.strip()) for text in read], dtype=bool)
        return THRESHOLDS.scores(np.array(found, dtype=np.float64), known)

    @cached_property
    def _analyzer(self) -> "SentimentIntensityAnalyzer":
        from nltk.sentiment.vader import SentimentIntensityAnalyzer, VaderConstants

        class Analyzer(SentimentIntensityAnalyzer):  # type: ignore[misc]  # nltk has no types
            """Of a lexicon's text: nltk opens files in its own data folders alone."""

            def __init__(self, lexicon: str) -> None:
                self.lexicon_file = lexicon
                self.lexicon = self.make_lex_dict()
                self.constants = VaderConstants()

        return Analyzer(_carried("vader_lexicon.txt"))

    @cached_property
    def _emoji(self) -> dict[int, str]:
        """A description in words for each emoji, set off from what stands before it."""
        rows = [line.split("\t") for line in _carried("emoji_utf8_lexicon.txt").splitlines()]
        return {ord(emoji): f" {words}" for emoji, words in rows if len(emoji) == 1}


def _carried(name: str) -> str:
    return (files("vaderSentiment") / name).read_text(encoding="utf-8").strip("\n")
