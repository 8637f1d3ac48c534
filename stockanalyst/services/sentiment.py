"""What is said of companies: from a caller's words to a summary."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import pandas as pd

from stockanalyst.exceptions import DataError, InputError, ModelUnavailable, check_choice
from stockanalyst.market.companies import company_names
from stockanalyst.market.prices import PriceHistory
from stockanalyst.market.symbols import parse_symbol, parse_symbols
from stockanalyst.sentiment.aggregation import (
    Aggregation,
    SentimentSummary,
    summarize,
    unread,
)
from stockanalyst.sentiment.articles import Company, Findings, Window
from stockanalyst.sentiment.monitoring import Distribution, Thresholds, distribution
from stockanalyst.sentiment.protocols import Scorer
from stockanalyst.sentiment.relevance import is_about
from stockanalyst.services.gathering import Gatherer
from stockanalyst.services.protocols import Progress, silent

WINDOW = timedelta(days=7)
SAMPLE = "sample"  # the provider of prices that lie still
_LONGEST = timedelta(days=365)
_FIRST_YEAR, _LAST_YEAR = 1970, 2200
_LAST_OF_A_DAY = timedelta(days=1, microseconds=-1)
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@dataclass(frozen=True)
class Preset:
    """A choice of sources, and how many articles of each at the most."""

    sources: tuple[str, ...]
    n_articles: int


PRESETS: Mapping[str, Preset] = {
    "hft": Preset(("finviz",), 10),
    "retail": Preset(("tradestie", "finviz"), 5),
    "quant": Preset(("alpha_vantage", "finviz"), 20),
    "academic": Preset(("google_news", "finviz"), 50),
    "fintech": Preset(("stockgeist", "finviz"), 15),
}


@dataclass(frozen=True)
class Question:
    """What is asked of the sources; :func:`question` makes it from what a caller wrote.

    Attributes
    ----------
    sources : tuple of str or None
        None for those of the settings.
    n_articles : int or None
        The newest so many of each source; None for all.
    scorer : str or None
        None for that of the settings.
    window : timedelta
        How far back.
    cutoff : datetime or None
        Nothing published later counts; None for now. Aware, in UTC.
    name : str
        The company's name, where the list that ships doesn't have it.
    """

    sources: tuple[str, ...] | None = None
    n_articles: int | None = None
    scorer: str | None = None
    window: timedelta = WINDOW
    cutoff: datetime | None = None
    name: str = ""


def question(
    *,
    sources: str | Iterable[str] | None = None,
    preset: str | None = None,
    scorer: str | None = None,
    window: object = WINDOW,
    cutoff: object = None,
    name: str = "",
) -> Question:
    """Check what a caller wrote; see :class:`Question`.

    Parameters
    ----------
    sources : str or iterable of str, optional
        Names, or one text with commas between them.
    preset : str, optional
        One of :data:`PRESETS`, in place of `sources`.
    scorer : str, optional
    window : timedelta or str
        Such as ``"7d"``, ``"36h"`` or ``"2w"``; at most a year.
    cutoff : datetime or str, optional
        A moment with its timezone, or a date ``YYYY-MM-DD``: the whole day in UTC.
    name : str

    Raises
    ------
    InputError
        Naming the first parameter that can't be used.
    """
    if preset is not None and sources is not None:
        raise InputError("preset", preset, "give a preset or sources, not both")
    chosen = _preset(preset) if preset is not None else None
    return Question(
        sources=chosen.sources if chosen else _names(sources),
        n_articles=chosen.n_articles if chosen else None,
        scorer=scorer,
        window=_window(window),
        cutoff=_moment(cutoff),
        name=" ".join(name.split()),
    )


@dataclass(frozen=True)
class SentimentService:
    """Summaries.

    Parameters
    ----------
    gatherer : Gatherer
    default : sequence of str
        The sources that are asked unless the caller names others.
    offline : sequence of str
        Those that are asked beside the sample's prices.
    scorer : callable
        Gives the scorer of a name; None for that of the settings.
    rules : Aggregation
    thresholds : Thresholds
    """

    gatherer: Gatherer
    default: Sequence[str]
    offline: Sequence[str]
    scorer: Callable[[str | None], Scorer]
    rules: Aggregation
    thresholds: Thresholds

    def summary(self, symbol: object, asked: Question) -> SentimentSummary:
        """What is said of one company, at the latest when the sources' deadline is over.

        Raises
        ------
        InputError
            The symbol, a source or the scorer isn't known.
        ModelUnavailable
            The scorer needs what isn't there.
        """
        company = _company(parse_symbol(symbol), asked.name)
        scorer = self.scorer(asked.scorer)
        names = self._asked(asked)
        window = self._window(asked)
        live = asked.cutoff is None or window.end < asked.cutoff
        answers = self.gatherer.ask(names, company, window, live=live)
        return summarize(
            company,
            window,
            {each.outcome.source: _newest(each.findings, company, asked) for each in answers},
            [each.outcome for each in answers],
            scorer=scorer,
            rules=self.rules,
        )

    def beside(self, history: PriceHistory, end: datetime | None) -> SentimentSummary:
        """What is said of a symbol whose prices these are; beside the sample's, the sample's news.

        A scorer that isn't there gives no signal, and the reason.

        Parameters
        ----------
        history : PriceHistory
        end : datetime or None
            As the cutoff of a :class:`Question`.
        """
        offline = history.provider == SAMPLE
        asked = Question(sources=tuple(self.offline) if offline else None, cutoff=end)
        try:
            return self.summary(history.symbol, asked)
        except (ModelUnavailable, DataError) as error:
            return unread(_company(history.symbol), self._window(asked), str(error))

    def summaries(
        self, symbols: str | Iterable[object], asked: Question, *, progress: Progress = silent
    ) -> tuple[list[SentimentSummary], Distribution]:
        """Of several companies, one after the other, and how the scores look together."""
        parsed, made = parse_symbols(symbols), []
        if asked.name and len(parsed) > 1:
            raise InputError("name", asked.name, "give one symbol with it")
        self.scorer(asked.scorer)
        self._asked(asked)
        for position, symbol in enumerate(parsed):
            progress("Asking the sources", position / len(parsed))
            made.append(self.summary(symbol, asked))
        progress("Asking the sources", 1.0)
        return made, distribution(made, self.thresholds)

    def sources(self) -> pd.DataFrame:
        """A row a source: ``source``, ``asked`` (whether it is by default), ``state``, ``quota``.

        The state is ``ready``, with what a reader must know of its answers, or why it isn't asked.
        """
        offers = self.gatherer.offers
        return pd.DataFrame(
            {
                "source": list(offers),
                "asked": [
                    name in self.default and not each.closed for name, each in offers.items()
                ],
                "state": [
                    each.closed or each.state() or ": ".join(filter(None, ("ready", each.note)))
                    for each in offers.values()
                ],
                "quota": [each.quota() for each in offers.values()],
            }
        )

    def retry(self, source: str) -> None:
        """Ask a source again from now on, whatever it refused or failed; its quota stays used.

        Raises
        ------
        InputError
            There is no such source.
        """
        (name,) = self._known([source])
        self.gatherer.offers[name].retry()

    def _window(self, asked: Question) -> Window:
        now = self.gatherer.now().tz_convert("UTC").to_pydatetime(warn=False)
        end = now if asked.cutoff is None else min(asked.cutoff, now)
        return Window(end - asked.window, end)

    def _asked(self, asked: Question) -> list[str]:
        return self._known(self.default if asked.sources is None else asked.sources)

    def _known(self, names: Sequence[str]) -> list[str]:
        """Sources in the order of preference."""
        offers = self.gatherer.offers
        for name in names:
            check_choice("source", name, offers)
        return [name for name in offers if name in names]


def _company(symbol: str, name: str = "") -> Company:
    known = company_names(symbol)
    if not name:
        return Company(symbol, known.name, known.aliases)
    return Company(symbol, name, tuple(filter(None, (known.name, *known.aliases))))


def _newest(findings: Findings, company: Company, asked: Question) -> Findings:
    if asked.n_articles is None:
        return findings
    about = (each for each in findings.articles if is_about(each, company))
    newest = sorted(about, key=lambda each: each.published_at, reverse=True)
    return replace(findings, articles=newest[: asked.n_articles])


def _preset(name: str) -> Preset:
    check_choice("preset", name, PRESETS)
    return PRESETS[name]


def _names(sources: str | Iterable[str] | None) -> tuple[str, ...] | None:
    if sources is None:
        return None
    listed = sources.split(",") if isinstance(sources, str) else list(sources)
    names = tuple(dict.fromkeys(str(name).strip() for name in listed))
    if not all(names) or not names:
        raise InputError("sources", sources, "give names with commas between them")
    return names


def _window(window: object) -> timedelta:
    length = window
    if isinstance(window, str) and (found := re.fullmatch(r"([1-9][0-9]{0,3})([hdw])", window)):
        length = int(found[1]) * _UNITS[found[2]]
    if not isinstance(length, timedelta) or not timedelta(0) < length <= _LONGEST:
        raise InputError("window", window, "give up to a year, such as 36h, 7d or 2w")
    return length


def _moment(cutoff: object) -> datetime | None:
    if cutoff is None:
        return None
    if cutoff is pd.NaT:
        raise InputError("cutoff", cutoff, "give a date as YYYY-MM-DD, or a moment")
    if isinstance(cutoff, datetime) and cutoff.tzinfo is None and cutoff.time() == time.min:
        cutoff = cutoff.date()  # a session of a table of prices
    text = cutoff.isoformat() if isinstance(cutoff, date) else str(cutoff).strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError("cutoff", cutoff, "give a date as YYYY-MM-DD, or a moment") from None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise InputError("cutoff", cutoff, f"give a year from {_FIRST_YEAR} to {_LAST_YEAR}")
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    if len(text) > len("2024-03-08"):
        raise InputError("cutoff", cutoff, "give the moment's timezone, such as +00:00, or a date")
    return moment.replace(tzinfo=UTC) + _LAST_OF_A_DAY
