"""Articles that many carry are told once."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain, islice, takewhile
from math import ceil

from stockanalyst.sentiment.addresses import canonical
from stockanalyst.sentiment.articles import Article

_ALIKE = 0.75  # of the words that either of two titles has, those that both have
_SPREAD = timedelta(days=3)  # a title that comes back later tells of something else
_COMPARED = 30  # stories that a title is compared with; it shares a rare word with few
_LONGEST, _LONGEST_NAME = 60, 4  # words of a title, and of a publisher
_MISSPELT = 7  # letters of a word for each that may be wrong
_FILLERS = frozenset(
    {
        "a", "after", "amid", "an", "and", "as", "at", "breaking", "by", "exclusive", "for", "from",
        "in", "into", "it", "of", "on", "over", "report", "say", "the", "to", "update", "updated",
        "with",
    }
)  # fmt: skip
_NEGATIONS = frozenset(  # as _stem leaves them
    {
        "denie",
        "denied",
        "deny",
        "fail",
        "failed",
        "never",
        "no",
        "not",
        "overturn",
        "overturned",
        "without",
    }
)
_WORD = re.compile(r"(?:(?<!\S)[+-](?=\d))?\w+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_DASH = re.compile(r"\s+[-–—|·]+\s+")
# "By Investing.com" and "(NASDAQ: AAPL)".
_ADDED = re.compile(r"\s+by\s+\w+\.com$|\(\s*[a-z]{3,10}\s?:\s?[a-z0-9.-]{1,10}\s*\)")

Words = dict[str, None]  # each once, in the order of the title


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
    endings, the publisher and one word in four, all on one side, the same words in the same order.
    A title with another number, with another verb in a verb's place or with a "not" is another
    story. Of many titles that
    differ in little, each is compared with the latest alone.
    """
    places: dict[str, list[Article]] = {}
    for place, article in enumerate(sorted(set(articles), key=_order)):
        places.setdefault(canonical(article.url) or str(place), []).append(article)
    groups = [(_title(copies[0]), copies) for copies in places.values()]
    told = _Told(Counter(word for title, _ in groups for word in title.whole))
    for title, copies in groups:
        told.add(title, copies)
    return [Story(copies[0], tuple(sorted(copies, key=_order))) for _, copies in told.stories]


@dataclass(frozen=True, slots=True)
class _Title:
    """What a title says: all of it, and without what stands behind its last dash."""

    whole: Words
    short: Words


@dataclass
class _Told:
    """Stories so far, found by those of their words that fewest titles have.

    Of two titles that share three words in four, the rarest quarter of each has one in common.
    """

    titles: Counter[str]
    stories: list[tuple[_Title, list[Article]]] = field(default_factory=list)
    _by_word: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, title: _Title, copies: list[Article]) -> None:
        """To the earliest story with such a title, or as a new one."""
        rare = self._rarest(title)
        for place in self._sharing(rare):
            known, earlier = self.stories[place]
            near = copies[0].published_at - earlier[0].published_at <= _SPREAD
            if near and _same_story(title, known):
                earlier.extend(copies)
                return
        for word in rare:
            self._by_word[word].append(len(self.stories))
        self.stories.append((title, copies))

    def _sharing(self, rare: list[str]) -> list[int]:
        """Places of stories with such a word, the earliest first."""
        latest = chain.from_iterable(reversed(self._by_word[word]) for word in rare)
        return sorted(set(islice(latest, _COMPARED)))

    def _rarest(self, title: _Title) -> list[str]:
        """The rarest quarter of all of it, and of what stands before the dash; the rarest first."""
        kept = set()
        for words in (title.whole, title.short):
            ordered = sorted(words, key=self._rareness)
            kept.update(ordered[: len(words) - ceil(_ALIKE * len(words)) + 1])
        return sorted(kept, key=self._rareness)

    def _rareness(self, word: str) -> tuple[int, str]:
        return self.titles[word], word


def _order(article: Article) -> tuple[object, ...]:
    scores = str(article.vendor_score), str(article.relevance)
    texts = article.source, article.url, article.title, article.publisher, article.summary
    return article.published_at, *texts, article.symbols, *scores


def _title(article: Article) -> _Title:
    title, publisher = (
        unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("−", "-")
        for text in (article.title, article.publisher)
    )
    whole = _ADDED.sub("", title.strip())
    *headline, last = _DASH.split(whole)
    short = " - ".join(headline)
    if headline and last.strip() == publisher.strip():
        whole, short = short, ""
    words = _words(whole)
    return _Title(words, _words(short) if short and _is_publisher(last) else words)


def _is_publisher(text: str) -> bool:
    """Whether it may be one: it is short, and has neither a number nor a "not"."""
    words = _words(text)
    said = not _NEGATIONS.isdisjoint(words) or any(map(str.isdigit, text))
    return len(words) <= _LONGEST_NAME and not said


def _words(title: str) -> Words:
    """Words without fillers and endings, numbers with their sign."""
    plain = _THOUSANDS.sub("", title.replace("'s", "").replace("n't", " not"))
    stems = map(_stem, _WORD.findall(plain)[:_LONGEST])
    return {stem: None for stem in stems if stem not in _FILLERS}


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] != "s" else word


def _same_story(one: _Title, other: _Title) -> bool:
    return _alike(one.whole, other.whole) or _adds_a_part(one, other) or _adds_a_part(other, one)


def _adds_a_part(one: _Title, other: _Title) -> bool:
    """Whether, but for its last part, `one` says all that `other` says."""
    cut = one.short is not one.whole and other.whole.keys() <= one.short.keys()
    return cut and _alike(one.short, other.whole)


def _alike(one: Words, other: Words) -> bool:
    common = one.keys() & other.keys()
    if len(common) < _ALIKE * (len(one) + len(other) - len(common)):
        return False
    ours, theirs = one.keys() - common, other.keys() - common
    if not _NEGATIONS.isdisjoint(ours | theirs) or (
        ours and theirs and not _misspelt(ours, theirs)
    ):
        return False
    # Who sues, and who is sued, is told by the order alone.
    return [word for word in one if word in common] == [word for word in other if word in common]


def _misspelt(ours: AbstractSet[str], theirs: AbstractSet[str]) -> bool:
    """Whether the words that differ are one long word in two spellings.

    They begin alike, and one letter in seven is another, missing or more.
    """
    if len(ours) != 1 or len(theirs) != 1:
        return False
    (one,), (other,) = ours, theirs
    if one[0] != other[0] or not (one.isalpha() and other.isalpha()):
        return False
    begun = _alike_from_the_start(one, other)
    ended = _alike_from_the_start(one[begun:][::-1], other[begun:][::-1])
    length = max(len(one), len(other))
    return length - begun - ended <= length // _MISSPELT


def _alike_from_the_start(one: str, other: str) -> int:
    """How many letters are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
