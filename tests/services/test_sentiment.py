"""From a caller's words to summaries, over sources without I/O."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from stockanalyst.exceptions import InputError, SourceTimeout
from stockanalyst.infra.cache import MemoryCache
from stockanalyst.sentiment.aggregation import Aggregation
from stockanalyst.sentiment.articles import Article, Company, Findings, Window
from stockanalyst.sentiment.monitoring import Thresholds
from stockanalyst.sentiment.outcomes import Kind
from stockanalyst.sentiment.protocols import Scorer, TextScores
from stockanalyst.services.gathering import Gatherer, Offer
from stockanalyst.services.sentiment import Question, SentimentService, question

NOW = pd.Timestamp("2024-03-08 21:00", tz="UTC")


@dataclass
class News:
    """So many articles, an hour apart, the newest an hour ago."""

    name: str
    count: int

    def fetch(self, company: Company, window: Window) -> Findings:
        if self.count < 0:
            raise SourceTimeout(self.name, "no answer: ConnectionError")
        moments = [NOW.to_pydatetime() - timedelta(hours=hour + 1) for hour in range(self.count)]
        return Findings(
            [
                Article(self.name, f"{company.symbol} {chr(97 + at)}{self.name} {at}", moment)
                for at, moment in enumerate(moments)
                if moment in window
            ]
        )


class Half:
    """Reads 0.5 in everything."""

    name = "half"

    def score(self, texts: Sequence[str]) -> TextScores:
        return TextScores(np.full(len(texts), 0.5), np.tile([0.0, 0.5, 0.5], (len(texts), 1)))


def scorer(name: str | None) -> Scorer:
    if name not in {None, "half"}:
        raise InputError("scorer", name, "choose from half")
    return Half()


def service(**offers: Offer) -> SentimentService:
    cache = MemoryCache(lambda: NOW)
    return SentimentService(
        gatherer=Gatherer(
            offers=offers,
            cache=lambda: cache,
            deadline=30.0,
            lifetime=timedelta(minutes=15),
            now=lambda: NOW,
            elapsed=time.monotonic,
        ),
        default=list(offers)[:2],
        offline=(),
        scorer=scorer,
        rules=Aggregation(),
        thresholds=Thresholds(error_rate=0.1),
    )


THREE = {name: Offer(News(name, 4)) for name in ("one", "two", "three")}


def test_the_default_sources_are_asked() -> None:
    made = service(**THREE).summary(" aapl", question())
    assert (made.symbol, made.name) == ("AAPL", "Apple")
    assert [each.source for each in made.outcomes] == ["one", "two"]
    assert (made.polarity, made.n_articles, made.scorer) == (0.5, 8, "half")
    assert made.window.end == NOW
    assert made.window.start == NOW - timedelta(days=7)


def test_chosen_sources_stand_in_the_order_of_preference() -> None:
    made = service(**THREE).summary("AAPL", question(sources="three, one"))
    assert [each.source for each in made.outcomes] == ["one", "three"]


def test_a_company_that_isnt_known_has_its_name_from_the_caller() -> None:
    """Headlines name the firm and not its ticker."""

    @dataclass
    class Wire:
        name: str

        def fetch(self, company: Company, window: Window) -> Findings:
            assert company.symbol == "ZYXR"
            titles = (
                "Zyx Robotics wins an order",
                "A plant for Zyx Robotics",
                "Zyx Robotics hires",
            )
            moment = window.end - timedelta(hours=1)
            return Findings(
                [Article(self.name, f"{title} {self.name}", moment) for title in titles]
            )

    asked = service(one=Offer(Wire("one")), two=Offer(Wire("two")))
    silent = asked.summary("ZYXR", question())
    assert silent.polarity is None
    assert silent.reason.endswith("what ZYXR is called isn't known, so its ticker alone counts")
    told = asked.summary("ZYXR", question(name=" Zyx  Robotics "))
    assert (told.name, told.polarity) == ("Zyx Robotics", 0.5)
    with pytest.raises(InputError, match=r"^name 'Zyx': give one symbol with it$"):
        asked.summaries(["ZYXR", "AAPL"], question(name="Zyx"))


def test_a_preset_takes_the_newest_articles_of_each() -> None:
    asked = Question(sources=("one", "two"), n_articles=3)
    assert service(**THREE).summary("AAPL", asked).n_articles == 6


def test_a_cutoff_ends_the_window() -> None:
    """Of the four articles at 20, 19, 18 and 17 o'clock two are known at 18 o'clock."""
    cutoff = datetime(2024, 3, 8, 18, tzinfo=UTC)
    made = service(**THREE).summary("AAPL", question(cutoff=cutoff))
    assert made.n_articles == 4
    assert made.as_of == cutoff


def test_a_cutoff_that_hasnt_come_is_now() -> None:
    assert service(**THREE).summary("AAPL", question(cutoff="2030-01-01")).as_of == NOW


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: question(sources="oen"), "source 'oen': did you mean one? choose from one, two,"),
        (lambda: question(scorer="bert"), "scorer 'bert': choose from half"),
    ],
)
def test_an_unknown_name(ask: Callable[[], Question], message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}".replace("?", r"\?")):
        service(**THREE).summary("AAPL", ask())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"preset": "hftt"}, "preset 'hftt': did you mean hft? choose from hft, retail, quant, ac"),
        ({"preset": "hft", "sources": "a"}, "preset 'hft': give a preset or sources, not both"),
        ({"sources": ""}, "sources '': give names with commas between them"),
        ({"sources": []}, "sources []: give names with commas between them"),
        ({"window": "7"}, "window '7': give up to a year, such as 36h, 7d or 2w"),
        ({"window": "0d"}, "window '0d': give up to a year, such as 36h, 7d or 2w"),
        ({"window": "53w"}, "window '53w': give up to a year, such as 36h, 7d or 2w"),
        ({"window": 7}, "window 7: give up to a year, such as 36h, 7d or 2w"),
        ({"cutoff": "soon"}, "cutoff 'soon': give a date as YYYY-MM-DD, or a moment"),
        ({"cutoff": 5}, "cutoff 5: give a date as YYYY-MM-DD, or a moment"),
        (
            {"cutoff": "2024-03-08 10:00"},
            "cutoff '2024-03-08 10:00': give the moment's timezone, such as +00:00",
        ),
        ({"cutoff": "2024-03-08T00:00"}, "cutoff '2024-03-08T00:00': give the moment's timezone"),
        (
            {"cutoff": pd.NaT},
            "cutoff NaT: give a date as YYYY-MM-DD, or a moment",
        ),
        (
            {"cutoff": pd.Timestamp("2024-03-08 09:30")},
            "cutoff Timestamp('2024-03-08 09:30:00'): give",
        ),
        ({"cutoff": "9999-12-31"}, "cutoff '9999-12-31': give a year from 1970 to 2200"),
        ({"cutoff": date.max}, "cutoff datetime.date(9999, 12, 31): give a year from 1970 to 2200"),
        ({"cutoff": "0001-01-01"}, "cutoff '0001-01-01': give a year from 1970 to 2200"),
    ],
)
def test_what_cant_be_asked(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        question(**arguments)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("window", "length"),
    [("36h", timedelta(hours=36)), ("7d", timedelta(days=7)), ("2w", timedelta(days=14))],
)
def test_windows(window: str, length: timedelta) -> None:
    assert question(window=window).window == length


@pytest.mark.parametrize("cutoff", ["2024-03-07", " 2024-03-07 ", date(2024, 3, 7)])
def test_of_a_date_the_whole_day_is_meant(cutoff: object) -> None:
    assert question(cutoff=cutoff).cutoff == datetime(2024, 3, 7, 23, 59, 59, 999999, tzinfo=UTC)


def test_moments_come_out_in_utc() -> None:
    moment = question(cutoff="2024-03-07T10:00-05:00").cutoff
    assert moment == datetime(2024, 3, 7, 15, tzinfo=UTC)


def test_many_symbols_and_how_they_look_together() -> None:
    """Of eight questions in all, two a symbol, four got no answer."""
    offers = {"one": Offer(News("one", 4)), "two": Offer(News("two", -1))}
    tasks: list[tuple[str, float]] = []
    made, found = service(**offers).summaries(
        ["AAPL", "MSFT", "AAPL", "IBM"], question(), progress=lambda *told: tasks.append(told)
    )
    assert [each.symbol for each in made] == ["AAPL", "MSFT", "IBM"]
    assert found.error_rate == 0.5
    assert found.alerts == ("share of questions without an answer 0.50 is beyond 0.1",)
    assert tasks[-1] == ("Asking the sources", 1.0)
    assert made[0].outcomes[1].kind is Kind.DOWN


def test_the_table_of_sources() -> None:
    table = service(
        one=Offer(News("one", 1)),
        two=Offer(News("two", 1), closed="no key; set X", quota=lambda: "3 of 25 used"),
        three=Offer(News("three", 1), state=lambda: "circuit open until 14:05 UTC"),
    ).sources()
    assert table.to_dict("list") == {
        "source": ["one", "two", "three"],
        "asked": [True, False, False],
        "state": ["ready", "no key; set X", "circuit open until 14:05 UTC"],
        "quota": ["", "3 of 25 used", ""],
    }
