"""Pages in ``tests/payloads/finviz`` are written by hand in the form of Finviz's."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.exceptions import PayloadError, SourceError
from stockanalyst.sentiment.articles import Article, Company, Window
from stockanalyst.sentiment.sources.finviz import FinvizNews
from stockanalyst.sentiment.sources.finviz_page import TimeColumn, rows_of_page
from tests.sentiment.sources.loopback import Vendor, client, loopback

PAYLOADS = Path(__file__).parents[2] / "payloads" / "finviz"
APPLE = Company("AAPL", "Apple")
NOW = datetime(2026, 1, 21, 2, tzinfo=UTC)  # 9 in the evening of the 20th in New York
YEARS = Window(datetime(2020, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def vendor() -> Iterator[Vendor]:
    with loopback() as server:
        yield server


def finviz(vendor: Vendor) -> FinvizNews:
    vendor.asked.clear()
    return FinvizNews(client("finviz"), lambda: NOW, vendor.url)


def page(*rows: str) -> str:
    return f'<html><table id="news-table">{"".join(rows)}</table></html>'


def row(when: str, title: str) -> str:
    return f"<tr><td>{when}</td><td><a href='/n'>{title}</a><span>(Wire)</span></td></tr>"


def test_rows_of_a_page(vendor: Vendor) -> None:
    vendor.say((PAYLOADS / "quote_news_200.html").read_text())
    found = finviz(vendor).fetch(APPLE, YEARS).articles
    (question,) = vendor.asked
    assert (question.path, question.parameters) == ("/quote.ashx", {"t": "AAPL", "p": "d"})
    assert question.headers["user-agent"].startswith("Mozilla/5.0 ")
    assert [(f"{each.published_at:%d %H:%M}", each.publisher, each.url) for each in found] == [
        ("20 20:12", "Reuters", "https://example.com/n/1"),
        ("20 15:05", "Bloomberg", f"{vendor.url}/news/12345/apple-faces-antitrust-lawsuit"),
        ("19 14:30", "GlobeNewswire", "https://example.com/n/3"),
        ("19 13:01", "MarketWatch", "https://example.com/n/4"),
    ]
    assert found[1].title == "Apple faces antitrust lawsuit & supply-chain delay"
    assert found[1].published_at.tzinfo is UTC


def test_the_layout_of_2023(vendor: Vendor) -> None:
    vendor.say((PAYLOADS / "quote_news_2023_200.html").read_text())
    first, *_, last = finviz(vendor).fetch(APPLE, YEARS).articles
    assert first == Article(
        source="finviz",
        title="Apple leases offices in Texas",
        published_at=datetime(2023, 7, 14, 11, 15, tzinfo=UTC),
        publisher="Example Daily",
        url="https://example.com/f/1",
    )
    assert last.title == "Apple sues a maker of chargers"
    assert last.published_at == datetime(2023, 7, 13, 20, 30, tzinfo=UTC)


def test_what_lies_outside_the_window_is_left_out(vendor: Vendor) -> None:
    vendor.say((PAYLOADS / "quote_news_200.html").read_text())
    day = Window(datetime(2026, 1, 19, 13, 2, tzinfo=UTC), datetime(2026, 1, 20, 15, 5, tzinfo=UTC))
    titles = [each.title for each in finviz(vendor).fetch(APPLE, day).articles]
    assert [title.split()[1] for title in titles] == ["faces", "to"]


TIMES = {
    "down the page": (
        ["Today 03:12PM", "\xa0\xa010:05AM\xa0", "", "Jan-16-26 12:30PM", "12:05AM"],
        ["20 20:12", "20 15:05", None, "16 17:30", "16 05:05"],
    ),
    "summer and winter": (["Nov-02-25 08:00AM", "Nov-01-25 08:00AM"], ["02 13:00", "01 12:00"]),
    "an hour that comes twice": (["Nov-02-25 01:30AM"], ["02 06:30"]),
    "nothing above": (["10:05AM", "Jan-16-26 09:30AM"], [None, "16 14:30"]),
    "a day that can't be read": (
        ["Jan-20-26 03:00PM", "Jxn-16-26 09:30AM", "08:01AM", "Jan-15-26 07:00AM", "06:00AM"],
        ["20 20:00", None, None, "15 12:00", "15 11:00"],
    ),
    "a lost row": (["Jan-20-26 10:05AM", "11:00AM", "08:01AM"], ["20 15:05", None, None]),
    "no times": (["Jan-32-26 09:30AM", "Jan-16-26 13:30PM", "Jan-16-26 09:61AM"], [None] * 3),
    "years ago": (["Dec-31-19 11:30PM"], ["01 04:30"]),
}


@pytest.mark.parametrize(("cells", "moments"), TIMES.values(), ids=TIMES)
def test_times(cells: list[str], moments: list[str | None]) -> None:
    column = TimeColumn(date(2026, 1, 20))
    read = [column.read(" ".join(cell.split())) for cell in cells]
    assert [moment and f"{moment:%d %H:%M}" for moment in read] == moments


def test_a_bad_row_is_left_out_and_bad_rows_alone_are_an_error(vendor: Vendor) -> None:
    vendor.say(page(row("Today 03:00PM", "Apple rises"), row("soon 1", "Apple falls")))
    assert [each.title for each in finviz(vendor).fetch(APPLE, YEARS).articles] == ["Apple rises"]
    vendor.say(page(row("soon 1", "Apple falls"), row("", "Apple rises")))
    with pytest.raises(PayloadError, match="finviz: news: none of 2 rows is as known"):
        finviz(vendor).fetch(APPLE, YEARS)
    vendor.say(page())
    assert finviz(vendor).fetch(APPLE, YEARS).articles == ()


@pytest.mark.parametrize(
    "between",
    [
        '<tr><td colspan="2">Advertisement 300x250</td></tr>',
        '<tr><td colspan="2"><a href="/ad">Save 50%</a></td></tr>',
        "<tr><td></td><td>Save 50%</td></tr>",
    ],
)
def test_an_advertisement_leaves_the_day_as_it_is(vendor: Vendor, between: str) -> None:
    above, below = row("Jan-20-26 03:00PM", "Apple rises"), row("10:05AM", "Apple falls")
    vendor.say(page(above, between, below))
    found = finviz(vendor).fetch(APPLE, YEARS).articles
    assert [f"{each.published_at:%d %H:%M}" for each in found] == ["20 20:00", "20 15:05"]


def test_a_time_without_a_link_is_of_a_row_all_the_same(vendor: Vendor) -> None:
    lost = "<tr><td>Jan-19-26 04:00PM</td><td>Apple rests</td></tr>"
    vendor.say(page(row("Today 03:00PM", "Apple rises"), lost, row("10:05AM", "Apple falls")))
    found = finviz(vendor).fetch(APPLE, YEARS).articles
    assert [f"{each.published_at:%d %H:%M}" for each in found] == ["20 20:00", "19 15:05"]


def test_titles_that_are_no_longer_linked_are_a_new_schema(vendor: Vendor) -> None:
    rows = [f"<tr><td>{at}</td><td><div>Apple</div></td></tr>" for at in ("Today 03:00PM", "1:00")]
    vendor.say(page(*rows))
    with pytest.raises(PayloadError, match="finviz: news: none of 2 rows is as known"):
        finviz(vendor).fetch(APPLE, YEARS)


def test_a_picture_before_the_title_may_be_linked(vendor: Vendor) -> None:
    links = "<a href='/elite'><img src='/x.png'></a> <a href='/n'>Apple rises</a><a href='/x'>x</a>"
    vendor.say(page(f"<tr><td>Today 03:00PM</td><td>{links}</td></tr>"))
    (article,) = finviz(vendor).fetch(APPLE, YEARS).articles
    assert (article.title, article.url) == ("Apple rises", f"{vendor.url}/n")


def test_scripts_are_no_text(vendor: Vendor) -> None:
    script = "<script>document.write('1:00PM')</script>"
    cells = f"<td>{script}Today 03:00PM</td><td>{script}<a href='/n'>Apple <b>rises</b></a></td>"
    vendor.say(page(f"<tr>{cells}</tr>"))
    (article,) = finviz(vendor).fetch(APPLE, YEARS).articles
    assert (article.title, f"{article.published_at:%H:%M}") == ("Apple rises", "20:00")


@pytest.mark.parametrize(
    ("name", "status", "headers", "kind"),
    [
        ("no_news_table_200.html", 200, {}, "schema_changed"),
        ("challenge_403.html", 403, {"cf_mitigated": "challenge"}, "blocked"),
        ("challenge_403.html", 403, {}, "blocked"),
        ("challenge_403.html", 200, {}, "blocked"),
    ],
)
def test_pages_without_news(
    vendor: Vendor, name: str, status: int, headers: dict[str, str], kind: str
) -> None:
    vendor.say((PAYLOADS / name).read_text(), status, **headers)
    with pytest.raises(SourceError) as caught:
        finviz(vendor).fetch(APPLE, YEARS)
    assert caught.value.kind == kind
    assert len(vendor.asked) == 1


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ("Too many requests.", 200, "rate_limited"),
        ("", 404, "unknown_symbol"),
        ("", 403, "blocked"),
    ],
)
def test_refusals(vendor: Vendor, body: str, status: int, kind: str) -> None:
    vendor.say(body, status)
    with pytest.raises(SourceError) as caught:
        finviz(vendor).fetch(APPLE, YEARS)
    assert caught.value.kind == kind


@pytest.mark.parametrize("symbol", ["^GSPC", "TCS.NS", "BTC-USD"])
def test_it_is_not_asked_for_what_it_has_not(vendor: Vendor, symbol: str) -> None:
    with pytest.raises(SourceError) as caught:
        finviz(vendor).fetch(Company(symbol), YEARS)
    assert caught.value.kind == "unknown_symbol"
    assert vendor.asked == []


# Each of these takes some parser of HTML minutes, or its stack.
HEAVY = {
    "attributes": "<a " + " ".join(f"x{i}=1" for i in range(100_000)) + ">",
    "depth": "<div>" * 300_000,
    "comments": "<!--" * 300_000,
    "entities": "&amp;" * 300_000,
    "tags cut short": "<a" * 300_000,
    "rows": "<tr><td>1" * 100_000,
}


@pytest.mark.parametrize("body", HEAVY.values(), ids=HEAVY)
def test_heavy_pages_are_no_burden(body: str) -> None:
    rows = rows_of_page(f'<html><table id="news-table"><tr><td>{body}')
    assert rows is not None
    assert len(rows) <= 500
    assert all(len(each.when) < 10_000 for each in rows)


@given(
    st.lists(
        st.sampled_from(
            [
                "<table id=news-table>",
                "</table>",
                "<tr>",
                "<td>",
                "</td>",
                "<a href=x>",
                "</a>",
                "<span>",
                "<script>",
                "1:00PM",
                "&#xD800;",
                "\x00",
                "<!--",
                "]]>",
                "<table>",
                "é",
            ]
        ),
        max_size=25,
    )
)
def test_no_soup_breaks_it(parts: list[str]) -> None:
    assert isinstance(rows_of_page("".join(parts)), list | None)
