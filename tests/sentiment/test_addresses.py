import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.sentiment.addresses import canonical

PLAIN = "https://example.com/news/apple-1"


@pytest.mark.parametrize(
    "url",
    [
        PLAIN,
        "http://example.com/news/apple-1",
        "HTTPS://www.Example.COM/news/apple-1/",
        "https://example.com./news/apple-1#comments",
        "https://m.example.com/news/apple-1?utm_source=x&utm_medium=rss",
        "https://example.com/news/apple-1?fbclid=1&.tsrc=rss&guccounter=2&mod=mw_rss",
        "https://amp.example.com/news/apple-1",
        "https://example.com/amp/news/apple-1",
        "https://example.com/news/apple-1/amp/",
        "https://example.com/news/apple-1.amp?amp",
        "https://www.google.com/amp/s/www.example.com/news/apple-1",
        "https://example-com.cdn.ampproject.org/c/s/example.com/news/apple-1?outputType=amp",
        "https://example.com/news/%61pple-1",
        "https://example.com/news/apple-1?msclkid=1&gbraid=2&wbraid=3&li_fat_id=4&igsh=5",
        "https://example.com/news/apple-1?_hsenc=1&__source=2&sref=3&srnd=4&reflink=5&cid=6",
        "https://example.com/news/apple-1?amp_js_v=0.1",
        "  https://example.com/news/apple-1\n",
    ],
)
def test_one_article(url: str) -> None:
    assert canonical(url) == PLAIN


def test_the_order_of_parameters_says_nothing() -> None:
    ordered = "https://example.com/a?id=7&page=2"
    assert canonical("https://example.com/a?page=2&utm_term=x&id=7") == ordered
    assert canonical(ordered) == ordered


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com/a?id=1", "https://example.com/a?id=2"),
        ("https://example.com/a?1", "https://example.com/a?2"),
        ("https://example.com/News", "https://example.com/news"),
        ("https://example.com/a", "https://example.org/a"),
        (
            "https://news.google.com/rss/articles/CBMiA?oc=5",
            "https://news.google.com/rss/articles/CBMiB?oc=5",
        ),
    ],
)
def test_two_articles(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/",
        "https://www.example.com?utm_source=x#top",
        "",
        "apple-1",
        "/news/1",
        "ftp://example.com/1",
        "https://",
        "http://[::1",
        "mailto:a@b.c",
    ],
)
def test_no_page(url: str) -> None:
    assert canonical(url) == ""


@given(st.text(max_size=60), st.text(max_size=20))
def test_whatever_it_is_given_it_answers_once_and_for_all(rest: str, host: str) -> None:
    made = canonical(f"https://{host}/{rest}")
    assert canonical(f"{made}?utm_campaign=x" if "?" not in made else made) == made
