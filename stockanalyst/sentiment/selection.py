"""Which of the articles that sources found count."""

from collections.abc import Iterable

from stockanalyst.sentiment.articles import Article, Company, Window
from stockanalyst.sentiment.deduplication import Story, deduplicate
from stockanalyst.sentiment.relevance import is_about


def stories_about(company: Company, window: Window, articles: Iterable[Article]) -> list[Story]:
    """What was published of a company inside a window, each story once, the earliest first.

    An article of another company, or from after the end of the window, changes nothing.
    """
    return deduplicate(
        article
        for article in articles
        if article.published_at in window and is_about(article, company)
    )
