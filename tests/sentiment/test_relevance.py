"""Each headline was written for the test, and its answer by a reader."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.market.companies import company_names
from stockanalyst.sentiment.articles import Article, Company
from stockanalyst.sentiment.relevance import is_about, nameless


def article(title: str, summary: str = "", symbols: tuple[str, ...] = ()) -> Article:
    return Article(
        "test", title, datetime(2026, 1, 20, tzinfo=UTC), summary=summary, symbols=symbols
    )


def listed(symbol: str) -> Company:
    names = company_names(symbol)
    return Company(symbol, names.name, names.aliases)


NAMED = [
    ("AAPL", "Apple raises its outlook after a strong holiday quarter"),
    ("AAPL", "Why Apple’s services arm keeps growing"),
    ("AAPL", "APPLE SHARES SURGE ON IPHONE DEMAND"),
    ("AAPL", "Chip makers slide; $AAPL steady."),
    ("AAPL", "Tech giant (NASDAQ: AAPL) to report on Thursday"),
    ("AAPL", "Three funds that bought AAPL and NVDA"),
    ("T", "AT&T adds more fibre customers than expected"),
    ("T", "Telecom roundup: $T rises, peers fall"),
    ("T", "Carrier (NYSE:T) keeps its dividend"),
    ("ON", "Onsemi cuts jobs as car makers wait"),
    ("ON", "Chip stocks: (Nasdaq: ON) leads the losers"),
    ("ALL", "Allstate lifts premiums in Florida"),
    ("A", "Agilent Technologies beats estimates"),
    ("F", "Ford recalls 300,000 trucks"),
    ("C", "Citigroup to exit a consumer business"),
    ("V", "Visa beats profit estimates"),
    ("V", "Regulators look at Visa's debit fees"),
    ("TGT", "Target to close nine stores"),
    ("GOOG", "Alphabet unit wins a cloud contract"),
    ("GOOG", "Search leader (NASDAQ: GOOGL, GOOG) settles"),
    ("BRK-B", "Warren's Berkshire trims a stake"),
    ("BRK-B", "Holding company (NYSE: BRK.A, BRK.B) reports"),
    ("BRK-B", "What BRK.B holds now"),
    ("KO", "Coca Cola raises prices"),
    ("EBAY", "Ebay revamps its fees"),
    ("ON", "Why onsemi is up today"),
    ("^GSPC", "The S&P 500 ends at a record high"),
    ("BTC-USD", "Why bitcoin fell today"),
    ("TCS.NS", "Tata Consultancy Services wins an order"),
    ("TCS.NS", "IT exporter (NSE: TCS) to buy back shares"),
    ("7203.T", "Toyota Motor halts a plant"),
    ("7203.T", "Car maker (TYO: 7203) lifts its guidance"),
    ("NESN.SW", "Nestlé names a new chief"),
    ("T", "T stock jumps 5%"),
    ("ON", "ON stock slips"),
    ("F", "F shares fall"),
    ("F", "Why F Stock Is Down"),
    ("COST", "Traders pile into COST shares"),
    ("GOOGL", "GOOG hits high"),
    ("BRK-A", "What BRK.B holds now"),
    ("SO", "Southern Co up"),
    ("F", "What the late founder of Ford wanted"),
    ("GM", "GM recalls pickups"),
    ("AMZN", "Amazon fires 300 managers"),
]
NOT_NAMED = [
    ("AAPL", "How to bake an apple cake"),
    ("AAPL", "Pineapple growers want help"),
    ("AAPL", "Apple Hospitality REIT pays its monthly dividend"),
    ("AAPL", "New ETF (NASDAQ: AAPLX) lists"),
    ("T", "T-Mobile adds customers"),
    ("T", "Model T, a history"),
    ("T", "What a t-test tells about returns"),
    ("ON", "Retailer is ON track for a record year"),
    ("ON", "On balance, a good quarter"),
    ("ALL", "All eyes on the Fed"),
    ("ALL", "ALL YOU NEED TO KNOW BEFORE THE OPEN"),
    ("A", "A bad day for banks"),
    ("F", "Grade F for the airline's service"),
    ("C", "Vitamin C maker goes public"),
    ("IT", "Spending on information technology (IT) grows"),
    ("NOW", "Buy NOW, pay later firms under scrutiny"),
    ("KEY", "KEY RATE LEFT UNCHANGED"),
    ("LOW", "Oil at a three-year LOW"),
    ("COST", "The COST of living rises again"),
    ("ARE", "ARE bonds back?"),
    ("SO", "SO what now for growth stocks?"),
    ("V", "A V-shaped recovery"),
    ("V", "Student visa rules are tightened"),
    ("V", "Golden Visa Scheme Ends in Spain"),
    ("TGT", "Broker raises its price target on Nvidia"),
    ("TGT", "Analyst Cuts Price Target To $300"),
    ("ORCL", "The Oracle of Omaha writes to shareholders"),
    ("ADI", "$ADIX jumps"),
    ("M", "The firm paid US$M 500 for it"),
    ("META", "Meta-analysis finds no effect"),
    ("DOW", "Dow falls 300 points"),
    ("SAN.PA", "Lender (BME: SAN) plans a buyback"),
    ("SAN.PA", "Spanish bank Santander raises its payout"),
    ("F", "Harrison Ford stars in film"),
    ("F", "Ford Foundation grants $5m"),
    ("F", "Gerald Ford library opens"),
    ("F", "Tom Ford launches perfume"),
    ("F", "Fund opens Class F shares"),
    ("F", "FTSE and F&F stock up on rails"),
    ("AAPL", "Big Apple tourism rises"),
    ("AAPL", "Fiona Apple releases album"),
    ("GM", "GM crops approved"),
    ("AMZN", "Amazon deforestation slows"),
    ("A", "A stock for the long run"),
    ("ALL", "ALL stocks fall"),
    ("ALL", "Insiders sold ALL shares"),
    ("ON", "RETAILER SITS ON stock OF UNSOLD COATS"),
    ("ON", "On semi-annual basis profit up"),
    ("SO", "Southern California fires spread"),
]


@pytest.mark.parametrize(("symbol", "title"), NAMED)
def test_it_counts(symbol: str, title: str) -> None:
    assert is_about(article(title), listed(symbol))
    assert is_about(article("Morning briefing", summary=title), listed(symbol))


@pytest.mark.parametrize(("symbol", "title"), NOT_NAMED)
def test_it_does_not_count(symbol: str, title: str) -> None:
    assert not is_about(article(title), listed(symbol))
    assert not is_about(article("Morning briefing", summary=title), listed(symbol))


@pytest.mark.parametrize(
    ("title", "counts"),
    [
        ("$ALL gains", True),
        ("Insurer (NYSE: ALL) gains", True),
        ("Allstate gains", False),
        ("ALL gains", False),
        ("Now (ALL) gains", False),
    ],
)
def test_of_a_symbol_without_a_name_only_what_is_certain_counts(
    title: str, *, counts: bool
) -> None:
    assert is_about(article(title), Company("ALL")) is counts


def test_a_legal_form_is_left_out_of_headlines() -> None:
    assert is_about(article("Tata Motors opens a plant"), Company("X1", "Tata Motors Ltd."))
    assert not is_about(article("Target price raised"), Company("TGT", "Target Corporation"))


@pytest.mark.parametrize(
    ("symbol", "vendors"),
    [
        ("AAPL", "AAPL.US"),
        ("BRK-B", "BRK-B.US"),
        ("BRK-B", "BRK.B"),
        ("TCS.NS", "TCS.NSE"),
        ("TSCO.L", "TSCO.LON"),
        ("SAP.DE", "SAP.XETRA"),
        ("^GSPC", "GSPC.INDX"),
        ("BTC-USD", "CRYPTO:BTC"),
    ],
)
def test_a_vendor_may_list_the_symbol(symbol: str, vendors: str) -> None:
    assert is_about(article("Markets today", symbols=("MSFT", vendors)), listed(symbol))
    assert not is_about(article("Markets today", symbols=("MSFT",)), listed(symbol))


def test_a_vendor_may_state_a_relevance() -> None:
    moment = datetime(2026, 1, 20, tzinfo=UTC)
    assert is_about(Article("test", "Markets today", moment, relevance=0.3), listed("AAPL"))
    none = Article("test", "Markets today", moment, symbols=("AAPL",), relevance=0.0)
    assert not is_about(none, listed("AAPL"))
    assert is_about(replace(none, title="Apple rises"), listed("AAPL"))


@pytest.mark.parametrize(
    ("symbol", "text", "read"),
    [
        ("SNAP", "Snap falls, Snap shares fall", "the company falls, the company shares fall"),
        ("SNAP", "Why a snap vote helps Snap's rival", "Why a snap vote helps the company's rival"),
        ("AAPL", "Apple’s profit beats", "the company's profit beats"),
        ("AAPL", "Apple Inc and APPLE rise", "the company and the company rise"),
        ("AAPL", "Shares of Apple Inc. fell", "Shares of the company fell"),
        ("RKT", "Rocket Companies schedules a call", "the company schedules a call"),
        (
            "ZM",
            "Zoom appoints a chief; Zoom Q3 beats",
            "the company appoints a chief; the company Q3 beats",
        ),
        ("AAPL", "An apple a day, and Big Apple rents", "An apple a day, and Big Apple rents"),
        ("F", "Ford Motor sues Harrison Ford", "the company sues Harrison Ford"),
        ("TGT", "Target cuts jobs at a target date", "the company cuts jobs at a target date"),
        ("TGT", "Target price up", "Target price up"),
        ("ON", "onsemi, or ON Semiconductor, up", "the company, or the company, up"),
        ("GM", "GM, or General Motors, up", "the company, or the company, up"),
        ("IBM", "Profit of ½ ﬁrms fell", "Profit of 1⁄2 firms fell"),
        ("ZZZZ", "Snap falls", "Snap falls"),
    ],
)
def test_a_scorer_does_not_read_the_name(symbol: str, text: str, read: str) -> None:
    assert nameless(text, listed(symbol)) == read


def test_the_longest_name_goes_first() -> None:
    company = Company("RKT", "Rocket", ("Rocket Companies", "Rocket Mortgage"))
    read = "the company buys a lender; the company lays off"
    assert nameless("Rocket Mortgage buys a lender; Rocket lays off", company) == read


@given(st.text(max_size=60), st.text(max_size=12), st.lists(st.text(max_size=12), max_size=3))
def test_no_name_and_no_title_breaks_it(title: str, name: str, aliases: list[str]) -> None:
    assert is_about(article(title), Company("AAPL", name, tuple(aliases))) in {True, False}
