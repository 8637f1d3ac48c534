from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.sentiment.articles import Article, Company, Window
from stockanalyst.sentiment.selection import stories_about

APPLE = Company("AAPL", "Apple")
START = datetime(2026, 1, 20, 9, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(minutes=10))


def article(title: str, minute: int, source: str = "one") -> Article:
    return Article(source, title, START + timedelta(minutes=minute))


def test_what_counts_is_about_the_company_and_in_the_window() -> None:
    found = [
        article("Apple rises", 0),
        article("Apple RISES", 10, "two"),
        article("Apple falls", 11),
        article("Apple slips", -1),
        article("Pears rise", 5),
    ]
    stories = stories_about(APPLE, WINDOW, found)
    assert [[copy.title for copy in story.copies] for story in stories] == [
        ["Apple rises", "Apple RISES"]
    ]


def articles(first: int, last: int) -> st.SearchStrategy[list[Article]]:
    words = st.sampled_from(["Apple", "Pears", "rises", "falls", "3%", "again"])
    titles = st.lists(words, max_size=6).map(" ".join)
    return st.lists(st.builds(article, titles, st.integers(first, last)), max_size=10)


@given(articles(0, 10), articles(11, 20) | articles(-20, -1))
def test_nothing_from_outside_changes_anything(inside: list[Article], other: list[Article]) -> None:
    assert stories_about(APPLE, WINDOW, [*other, *inside]) == stories_about(APPLE, WINDOW, inside)


@given(articles(0, 10), articles(0, 10))
def test_whether_an_article_counts_does_not_hang_on_others(
    some: list[Article], more: list[Article]
) -> None:
    def counted(found: list[Article]) -> set[Article]:
        return {copy for story in stories_about(APPLE, WINDOW, found) for copy in story.copies}

    assert counted([*some, *more]) == counted(some) | counted(more)
