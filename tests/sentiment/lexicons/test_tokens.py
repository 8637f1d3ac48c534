import pytest

from stockanalyst.sentiment.lexicons.tokens import amount_at, names_currency, tokens_of


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Profit’s up 5%, says $ACME!", ["profit", "up", "5%", ",", "says", "$acme", "!"]),
        ("EUR4 .8 m vs EUR 2.3m", ["eur4 .8 m", "vs", "eur 2.3m"]),
        ("year-on-year Q3 13th 737-800", ["year", "on", "year", "q", "th", "737", "800"]),
        (
            "S&P isn't U.S. only https://x.y/z?q=1",
            ["s&p", "isn't", "u.s.", "only", "https://x.y/z?q=1"],
        ),
        ("up 10%-15%, 8%–10% or –5%", ["up", "10%", "15%", ",", "8%", "10%", "or", "–5%"]),
        ("Acme Inc. fell. No. 1", ["acme", "inc", "fell", ".", "no", "1"]),
        ("EPS 45c est. 50c; analysts", ["eps", "45c", "est", "50c", "analysts"]),
        ("up 🚀 (+5.4% pre)", ["up", "🚀", "(", "+5.4%", "pre", ")"]),
    ],
)
def test_pieces(text: str, tokens: list[str]) -> None:
    assert tokens_of(text) == tokens


@pytest.mark.parametrize(
    ("text", "place", "amount"),
    [
        ("eur 4 .8 m", 0, (4_800_000, "€", "", 1e6)),
        ("1,234.5 mln euro", 0, (1_234_500_000, "€", "", 1e6)),
        ("Rs. 12 crore", 0, (120_000_000, "₹", "", 1e7)),
        ("$3bn", 0, (3e9, "$", "", 1e9)),
        ("-3 %", 0, (3, "%", "-", 1)),
        ("+0.5 pct", 0, (0.5, "%", "+", 1)),
        ("in 2006 it", 1, None),
        ("2,006 cars", 0, (2006, "", "", 1)),
        ("45c", 0, (45, "c", "", 1)),
        ("EUR -5 mn", 1, (-5e6, "€", "", 1e6)),
        ("–$0.15", 0, (-0.15, "$", "", 1)),
        ("9" * 5000, 0, (float("inf"), "", "", 1)),
        ("word", 0, None),
    ],
)
def test_amounts(text: str, place: int, amount: tuple[float, str, str, float] | None) -> None:
    assert amount_at(tokens_of(text), place) == amount


def test_a_currency_beside_an_amount_is_only_its_unit() -> None:
    assert names_currency(tokens_of("5 mn euro"), 1)
    assert not names_currency(tokens_of("the euro fell"), 1)
