"""The headlines that ship: every rule about them, and the path that they show offline."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from stockanalyst.market.companies import company_names
from stockanalyst.market.providers.sample import BENCHMARK, LAST, STOCKS
from stockanalyst.sentiment.articles import Article, Company, Findings, Window
from stockanalyst.sentiment.selection import stories_about
from stockanalyst.sentiment.sources.sample import SOURCES, SampleHeadlines

SYMBOLS = (*STOCKS, BENCHMARK)
CLOSE = datetime.fromisoformat(f"{LAST}T21:00:00+00:00")  # of New York's last session
EVER = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))


def listed(symbol: str) -> Company:
    names = company_names(symbol)
    return Company(symbol, names.name, names.aliases)


def found(symbol: str, window: Window) -> list[Article]:
    every = (SampleHeadlines(name).fetch(listed(symbol), window) for name in SOURCES)
    return [article for findings in every for article in findings.articles]


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_week_is_enough_for_a_signal(symbol: str) -> None:
    week = Window(CLOSE - timedelta(days=7), CLOSE)
    articles = found(symbol, week)
    stories = stories_about(listed(symbol), week, articles)
    assert len(stories) >= 5
    assert {source for story in stories for source in story.by_source()} == set(SOURCES)
    assert len(stories) < len(articles)  # some are carried twice
    assert any(len(story.by_source()) == 2 for story in stories)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_some_are_older_and_some_come_too_late(symbol: str) -> None:
    articles = found(symbol, EVER)
    assert 12 <= len(articles) <= 16
    assert len({article.publisher for article in articles}) >= 3
    ages = [CLOSE - article.published_at for article in articles]
    assert sum(age > timedelta(days=10) for age in ages) >= 2
    assert sum(age < timedelta(0) for age in ages) == 2
    until = Window(EVER.start, CLOSE)
    assert stories_about(listed(symbol), until, articles) == stories_about(
        listed(symbol), until, found(symbol, until)
    )


def test_every_article_says_that_it_is_invented() -> None:
    articles = [article for symbol in SYMBOLS for article in found(symbol, EVER)]
    assert Counter(article.source for article in articles).keys() == set(SOURCES)
    for article in articles:
        assert article.publisher.endswith(" (invented)")
        assert article.url == ""
        assert article.published_at.tzinfo is UTC
        assert article.vendor_score is None


def test_what_names_something_else_is_not_about_the_company() -> None:
    apple = listed("AAPL")
    kept = {story.article.title for story in stories_about(apple, EVER, found("AAPL", EVER))}
    assert "Orchard keepers expect a record apple harvest" not in kept


def test_of_other_symbols_it_has_nothing() -> None:
    assert SampleHeadlines(SOURCES[0]).fetch(Company("TSLA", "Tesla"), EVER) == Findings()
