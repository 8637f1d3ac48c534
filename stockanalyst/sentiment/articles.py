"""What sources find: articles to be scored, and scores that a vendor has made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Company:
    """Whom news are about.

    Attributes
    ----------
    symbol : str
        As the package writes it: ``AAPL``, ``BRK-B``, ``TCS.NS``.
    name : str
        The company's usual name, such as ``Apple``; empty where it isn't known.
    aliases : tuple of str
        Other names that headlines use.
    """

    symbol: str
    name: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time; both ends aware, in UTC, and included."""

    start: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment <= self.end


@dataclass(frozen=True, slots=True)
class Article:
    """A headline and what is known of it.

    Attributes
    ----------
    source : str
        The source that found it, such as ``google_news``.
    publisher : str
        Empty where the source doesn't say.
    title, summary : str
        Plain text in one line each; the summary may be empty.
    url : str
        Empty where there is none.
    published_at : datetime
        Aware, in UTC.
    symbols : tuple of str
        That the vendor says it is about, in the vendor's spelling.
    vendor_score : float or None
        The vendor's own score of it for this company in [−1, 1]; None where there is none.
    relevance : float or None
        For this company in [0, 1], by the vendor; None where it doesn't say.
    """

    source: str
    title: str
    published_at: datetime
    publisher: str = ""
    summary: str = ""
    url: str = ""
    symbols: tuple[str, ...] = ()
    vendor_score: float | None = None
    relevance: float | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """A vendor's ready score of many messages or articles.

    Attributes
    ----------
    source : str
    at : datetime
        The moment when it was known: aware, in UTC.
    score : float or None
        In [−1, 1]; None where the vendor gives attention alone.
    volume : int or None
        Messages or articles behind it.
    """

    source: str
    at: datetime
    score: float | None
    volume: int | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What one source found of one company in one window.

    Attributes
    ----------
    articles, observations : sequence
    faults : tuple of str
        Why a part of the answer is missing, a sentence a part; asked again, it may be there.
    notes : tuple of str
        What a reader must know of a whole answer, such as that it was cut.
    """

    articles: Sequence[Article] = ()
    observations: Sequence[Observation] = ()
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
