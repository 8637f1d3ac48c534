"""Articles that many carry are told once."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import SequenceMatcher
from math import ceil

from stockanalyst.sentiment.addresses import canonical
from stockanalyst.sentiment.articles import Article

_ALIKE = 0.75  # of the words that either of two titles has, those that both have
_SPREAD = timedelta(days=3)  # a title that comes back later tells of something else
_FILLERS = frozenset(
    {
        "a", "after", "amid", "an", "and", "as", "at", "breaking", "by", "exclusive", "for", "from",
        "in", "into", "it", "of", "on", "over", "report", "say", "the", "to", "update", "updated",
        "with",
    }
)  # fmt: skip
_NEGATIONS = frozenset({"deny", "denies", "never", "no", "not", "without"})
_WORD = re.compile(r"(?:(?<!\S)[+-](?=\d))?\w+(?:[.,]\d+)*")
_DASH = re.compile(r"\s+[-–—|·]+\s+")

Words = frozenset[str]


@dataclass(frozen=True, slots=True)
class Story:
    """One article, however many carried it.

    Attributes
    ----------
    article : Article
        As it was first published.
    copies : tuple of Article
        All of it, that one too, the earliest first.
    """

    article: Article
    copies: tuple[Article, ...]

    def by_source(self) -> Mapping[str, Article]:
        """The earliest copy of each source that carried it, in that order."""
        earliest: dict[str, Article] = {}
        for copy in self.copies:
            earliest.setdefault(copy.source, copy)
        return earliest


def deduplicate(articles: Iterable[Article]) -> list[Story]:
    """Stories, the earliest first: the same ones in whatever order the articles come.

    One story are articles at one address (:func:`~stockanalyst.sentiment.addresses.canonical`), and
    those whose title is nearly that of an article of at most three days before: but for fillers,
    endings, the publisher and one word in four, all on one side, the same words. A title with
    another number, another verb or a "not" is another story.
    """
    places: dict[str, list[Article]] = {}
    for place, article in enumerate(sorted(set(articles), key=_order)):
        places.setdefault(canonical(article.url) or str(place), []).append(article)
    groups = [(_words(copies[0]), copies) for copies in places.values()]
    told = _Told(Counter(word for words, _ in groups for word in words))
    for words, copies in groups:
        told.add(words, copies)
    return [Story(copies[0], tuple(sorted(copies, key=_order))) for _, copies in told.stories]


@dataclass
class _Told:
    """Stories so far, found by those of their words that fewest titles have.

    Of two titles that share three words in four, the rarest quarter of each has one in common.
    """

    titles: Counter[str]
    stories: list[tuple[Words, list[Article]]] = field(default_factory=list)
    _by_word: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, words: Words, copies: list[Article]) -> None:
        """To the earliest story with such a title, or as a new one."""
        rare = self._rarest(words)
        for place in sorted({place for word in rare for place in self._by_word[word]}):
            known, earlier = self.stories[place]
            near = copies[0].published_at - earlier[0].published_at <= _SPREAD
            if near and _alike(words, known):
                earlier.extend(copies)
                return
        for word in rare:
            self._by_word[word].append(len(self.stories))
        self.stories.append((words, copies))

    def _rarest(self, words: Words) -> list[str]:
        ordered = sorted(words, key=lambda word: (self.titles[word], word))
        return ordered[: len(words) - ceil(_ALIKE * len(words)) + 1]


def _order(article: Article) -> tuple[object, ...]:
    scores = str(article.vendor_score), str(article.relevance)
    texts = article.source, article.url, article.title, article.publisher, article.summary
    return article.published_at, *texts, article.symbols, *scores


def _words(article: Article) -> Words:
    """What a title says: words without fillers and endings, numbers with their sign."""
    title, publisher = (
        unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("−", "-")
        for text in (article.title, article.publisher)
    )
    *headline, last = _DASH.split(title)
    if headline and last.strip() == publisher.strip():
        title = " - ".join(headline)
    return frozenset(map(_stem, _WORD.findall(title.replace("'s", "").replace("n't", " not")))) - (
        _FILLERS
    )


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] != "s" else word


def _alike(one: Words, other: Words) -> bool:
    common = len(one & other)
    if common < _ALIKE * (len(one) + len(other) - common):
        return False
    ours, theirs = one - other, other - one
    if not _NEGATIONS.isdisjoint(ours | theirs):
        return False
    return not (ours and theirs) or _misspelt(ours, theirs)


def _misspelt(ours: Words, theirs: Words) -> bool:
    """Whether the words that differ are one long word in two spellings."""
    if len(ours) != 1 or len(theirs) != 1:
        return False
    (one,), (other,) = ours, theirs
    long = one.isalpha() and other.isalpha() and min(len(one), len(other)) > 5
    return long and SequenceMatcher(None, one, other).ratio() > 0.85
