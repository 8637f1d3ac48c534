"""What a scorer reads in an article: its headline, and how its summary begins."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from stockanalyst.sentiment.articles import Article, Company
from stockanalyst.sentiment.calibration import text_scores
from stockanalyst.sentiment.deduplication import Story
from stockanalyst.sentiment.lexicons.tokens import ABBREVIATIONS
from stockanalyst.sentiment.protocols import LABELS, Scorer
from stockanalyst.sentiment.relevance import nameless

_HEADLINE, _SUMMARY = 2.0, 1.0  # their weights
_LONGEST = 1000  # characters of a headline that are read
_LONGEST_SENTENCE = 400
# Before a full stop that doesn't end a sentence: an initial, "No." or an abbreviation.
_OPEN = r"(?<!\b[A-Z])(?<!\bNo)" + "".join(rf"(?<!\b(?i:{word}))" for word in ABBREVIATIONS)
_END = re.compile(rf"(?:[!?]|{_OPEN}\.)[\"”'’)]*\s+(?=[\"“'‘(]?[A-Z0-9])|\n")


@dataclass(frozen=True)
class ScoredArticle:
    """An article, and what our scorer reads in it.

    Attributes
    ----------
    article : Article
        As it was first published.
    polarity : float
        In [−1, 1].
    label : str
        ``negative``, ``neutral`` or ``positive``.
    confidence : float
        Probability of the label.
    sources : tuple of str
        All that carried it.
    read : tuple of str
        What the scorer saw of it.
    """

    article: Article
    polarity: float
    label: str
    confidence: float
    sources: tuple[str, ...]
    read: tuple[str, ...]


def read(stories: Sequence[Story], company: Company, scorer: Scorer) -> list[ScoredArticle]:
    """Score each story by its headline, and by the first sentence of its summary at half weight.

    What follows in a summary tells more of the company than of the news. Where the company's own
    name stands, "the company" is read: some names are words that a scorer knows, such as Snap.
    """
    texts = [tuple(_texts(story.article, company)) for story in stories]
    scores = scorer.score([text for some in texts for text in some])
    places = np.repeat(np.arange(len(texts)), [len(some) for some in texts])
    firsts = np.diff(places, prepend=-1) > 0
    weights = np.where(firsts, _HEADLINE, _SUMMARY)
    totals = np.bincount(places, weights, minlength=len(stories))
    polarity = np.bincount(places, weights * scores.polarity, minlength=len(stories)) / totals
    probabilities = np.zeros((len(stories), len(LABELS)))
    np.add.at(probabilities, places, weights[:, None] * scores.probabilities)
    scored = text_scores(probabilities / totals[:, None], np.ones(len(stories), dtype=bool))
    return [
        ScoredArticle(
            article=story.article,
            polarity=float(polarity[place]),
            label=str(scored.labels[place]),
            confidence=float(scored.probabilities[place].max()),
            sources=tuple(story.by_source()),
            read=texts[place],
        )
        for place, story in enumerate(stories)
    ]


def _texts(article: Article, company: Company) -> Iterator[str]:
    yield nameless(article.title[:_LONGEST], company)
    said = _END.split(article.summary.strip(), maxsplit=1)[0][:_LONGEST_SENTENCE]
    if said and not article.title.startswith(said.rstrip(".…")):
        yield nameless(said, company)
