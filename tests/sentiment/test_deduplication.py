"""Headlines were written for the test; whether two are one story was decided by a reader."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.sentiment import deduplication
from stockanalyst.sentiment.articles import Article
from stockanalyst.sentiment.deduplication import Story, deduplicate

START = datetime(2026, 1, 20, 9, tzinfo=UTC)


def article(
    title: str, minute: int = 0, source: str = "one", *, url: str = "", publisher: str = ""
) -> Article:
    return Article(source, title, START + timedelta(minutes=minute), publisher, url=url)


def titles(stories: Sequence[Story]) -> list[list[str]]:
    return [[copy.title for copy in story.copies] for story in stories]


SAME = [
    ("Apple shares climb on upbeat guidance", "Apple shares climb on upbeat guidance - Wire"),
    ("Apple shares climb on upbeat guidance", "APPLE SHARES CLIMB ON UPBEAT GUIDANCE!"),
    ("Apple’s profit beats estimates", "Apple's profits beat estimate"),
    ("Apple to cut iPhone output in India", "UPDATE 2-Apple to cut iPhone output in India"),
    ("IBM raises its dividend by 5%", "BREAKING: IBM raises dividend by 5 %"),
    ("Microsoft signs a ten–year cloud deal", "Microsoft signs a ten-year cloud deal"),
    (
        "Google faces new antitrust complaint over its advertising business",
        "Google faces new antitrust complaint over its advertsing business",
    ),
    (
        "Apple supplier warns of weaker demand for the rest of the year",
        "Apple supplier warns of weaker demand for the rest of the year: sources",
    ),
    ("Apple shares climb on upbeat guidance", "Apple shares climb on upbeat guidance - Wire Daily"),
    ("Apple shares climb on upbeat guidance - A Web Site", "Apple shares climb on upbeat guidance"),
    (
        "Apple shares climb on upbeat guidance",
        "Apple shares climb on upbeat guidance By Investing.com",
    ),
    (
        "Apple shares climb on upbeat guidance",
        "Apple (NASDAQ:AAPL) shares climb on upbeat guidance",
    ),
    ("Apple revenue up to $1,200 million", "Apple revenue up to $1200 million"),
]
OTHER = [
    ("Chief cheated Germany customers", "Chief denies cheated Germany customers"),
    ("Apple to pay a special dividend", "Apple fails to pay a special dividend"),
    ("Judge blocks Apple merger with Dalton", "Judge blocks Apple merger with Dalton overturned"),
    ("Apple shares rise after earnings", "Apple shares fall after earnings"),
    ("Apple falls 3%", "Apple falls 5%"),
    ("Movers before the bell: AAPL stock +3%", "Movers before the bell: AAPL stock -3%"),
    (
        "Apple will raise iPhone prices in China this spring, supplier says",
        "Apple will not raise iPhone prices in China this spring, supplier says",
    ),
    (
        "Broker upgrades Microsoft on strong cloud growth and better margins",
        "Broker downgrades Microsoft on strong cloud growth and better margins",
    ),
    (
        "IBM first-quarter profit rises 4 % on software demand in Europe",
        "IBM first-quarter profit falls 4 % on software demand in Europe",
    ),
    ("Google Q1 2026 earnings call transcript", "Google Q2 2026 earnings call transcript"),
    ("Apple", "Microsoft"),
    ("…", "!"),
    ("Microsoft tops Apple in market value", "Apple tops Microsoft in market value"),
    ("Apple sues Samsung", "Samsung sues Apple"),
    ("Apple to cut prices in Japan", "Apple to cut prices in Japan - or not"),
    ("Stocks to watch this week - Apple", "Stocks to watch this week: Microsoft"),
    ("Stocks to watch this week - Apple", "Stocks to watch this week - Microsoft"),
    ("Apple buys back shares for $5 million", "Apple buys back shares for $5 billion"),
    ("Apple unit profitable in its first year", "Apple unit unprofitable in its first year"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_story(one: str, other: str) -> None:
    pair = [article(one), article(other, 5, publisher="Wire")]
    assert titles(deduplicate(pair)) == [[one, other]]


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_two_stories(one: str, other: str) -> None:
    assert titles(deduplicate([article(one), article(other, 5)])) == [[one], [other]]


def test_a_title_that_comes_back_is_news() -> None:
    title = "Apple stock slides: what to know"
    days = 24 * 60
    told = deduplicate([article(title), article(title, 3 * days), article(title, 3 * days + 1)])
    assert [len(story.copies) for story in told] == [2, 1]


def test_an_edited_headline_stands_at_the_same_address() -> None:
    first = article("Apple rises", url="https://example.com/1?utm_source=a")
    edited = article("Apple gives up its gains", 60, "two", url="https://www.example.com/1/")
    copied = article("Apple rises!", 30, "three")
    assert deduplicate([edited, copied, first]) == [Story(first, (first, copied, edited))]


def test_each_source_counts_once_with_its_earliest_copy() -> None:
    title = "Apple opens a plant in Vietnam"
    late, early = article(title, 9, url="https://a.com/1"), article(title, 3, url="https://a.com/2")
    other = article(title, 5, "two")
    (story,) = deduplicate([late, other, early])
    assert story.article == early
    assert dict(story.by_source()) == {"one": early, "two": other}


WORDS = st.sampled_from(["Apple", "falls", "rises", "3%", "on", "weak", "strong", "iPhone", "not"])
ARTICLES = st.lists(
    st.builds(
        lambda words, minute, source, page: article(
            " ".join(words), minute, source, url=f"https://example.com/{page}" if page else ""
        ),
        st.lists(WORDS, max_size=8),
        st.integers(0, 6000),
        st.sampled_from(["one", "two"]),
        st.integers(0, 6),
    ),
    max_size=12,
)


@given(ARTICLES, st.randoms(use_true_random=False))
def test_the_order_does_not_matter_and_nothing_is_lost(
    articles: list[Article], random: Random
) -> None:
    told = deduplicate(articles)
    shuffled = list(articles)
    random.shuffle(shuffled)
    assert deduplicate(shuffled) == told
    copies = [copy for story in told for copy in story.copies]
    assert sorted(map(repr, copies)) == sorted(map(repr, set(articles)))
    assert [story.article for story in told] == [story.copies[0] for story in told]


@given(ARTICLES)
def test_once_is_enough(articles: list[Article]) -> None:
    told = deduplicate(articles)
    assert deduplicate(copy for story in told for copy in story.copies) == told
    again = deduplicate(story.article for story in told)
    assert [story.article for story in again] == [story.article for story in told]
    assert all(len(story.copies) == 1 for story in again)


FLOODS = {
    "a number": lambda i: f"Apple beats estimates on record profit and sales growth no. {i // 8}",
    "each its own number": lambda i: f"Apple beats estimates on record sales no. {i}",
    "a long word": lambda i: f"Apple beats estimates on record sales a{letters(i)}",
}


def letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) * 3 for digit in f"{number:05}")


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """An entry for each comparison of two titles."""
    same, calls = deduplication._same_story, list[None]()

    def counted(one: deduplication._Title, other: deduplication._Title) -> bool:
        calls.append(None)
        return same(one, other)

    monkeypatch.setattr(deduplication, "_same_story", counted)
    return calls


@pytest.mark.parametrize("title", FLOODS.values(), ids=FLOODS)
def test_titles_that_are_nearly_one_are_compared_with_a_few(
    title: Callable[[int], str], compared: list[None]
) -> None:
    found = [article(title(i), i // 8 % 60, f"source {i % 8}") for i in range(4000)]
    told = deduplicate(found)
    assert len(compared) <= 30 * len(found)
    assert {copy for story in told for copy in story.copies} == set(found)
    assert len(told) >= 500


def test_a_thousand_titles_are_compared_with_a_few(compared: list[None]) -> None:
    kinds = (
        "Apple shares: note {0} of the day",
        "Apple note {0}",
        "Apple {0} {1} {2} and more news",
    )
    found = [
        article(kinds[i % 3].format(i, i // 7, i % 11), i, url=f"https://example.com/{i}")
        for i in range(1000)
    ]
    told = deduplicate(found)
    assert len(compared) <= 30 * len(found)
    assert len(told) > 900
