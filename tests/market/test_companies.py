from collections import defaultdict
from importlib.resources import files
from itertools import combinations

import pytest

from stockanalyst.market.companies import CompanyNames, _listed, company_names
from stockanalyst.market.symbols import calendar_name, parse_symbol

# Companies of which one exchange lists shares of two kinds.
SHARE_CLASSES = {
    ("BF-A", "BF-B"),
    ("BRK-A", "BRK-B"),
    ("FOX", "FOXA"),
    ("GOOG", "GOOGL"),
    ("NWS", "NWSA"),
    ("UA", "UAA"),
    ("Z", "ZG"),
}
ORDINARY_WORDS = """
affirm american ball chewy cochlear coherent compass continental crown diploma disco discover
dover edison elastic eternal evolution first flex flutter fox general global host kingfisher
lemonade leonardo match metro mosaic national news next olympus on orange pearson pool public
quantum ross royal rumble sea sharp snowflake southern strategy tapestry toast total trent united
vale vinci waters western williams wise
"""


def spellings(symbol: str) -> list[str]:
    known = company_names(symbol)
    return [known.name, *known.aliases]


@pytest.mark.parametrize(
    ("symbol", "name", "alias"),
    [
        ("AAPL", "Apple", "Apple Inc"),
        ("GOOG", "Google", "Alphabet"),
        ("^GSPC", "S&P 500", "S&P500"),
        ("T", "AT&T", "AT&T Inc"),
        ("ON", "ON Semiconductor", "onsemi"),
        ("V", "Visa", "Visa Inc"),
        ("SO", "Southern Company", "Georgia Power"),
        ("NESN.SW", "Nestle", "Nestlé"),
        ("TCS.NS", "Tata Consultancy Services", "TCS"),
        ("7203.T", "Toyota", "Toyota Motor"),
        ("BF-B", "Brown-Forman", "Jack Daniel's maker"),
        ("MRSH", "Marsh McLennan", "Marsh & McLennan"),
        ("EXE", "Expand Energy", "Chesapeake Energy"),
        ("SMCI", "Super Micro Computer", "Supermicro"),
        ("PDD", "PDD Holdings", "Pinduoduo"),
        ("RKLB", "Rocket Lab", "Rocket Lab USA"),
        ("IWM", "iShares Russell 2000 ETF", "iShares Russell 2000"),
        ("SOL-USD", "Solana", "SOL"),
        ("MUV2.DE", "Munich Re", "Münchener Rück"),
        ("MKS.L", "Marks & Spencer", "M&S"),
        ("GLE.PA", "Societe Generale", "SocGen"),
        ("ADYEN.AS", "Adyen", "Adyen NV"),
        ("RED.MC", "Redeia", "Red Eléctrica"),
        ("G.MI", "Generali", "Assicurazioni Generali"),
        ("MAERSK-B.CO", "Maersk", "Moller-Maersk"),
        ("ETERNAL.NS", "Eternal Ltd", "Zomato"),
        ("9101.T", "Nippon Yusen", "NYK Line"),
        ("1211.HK", "BYD", "BYD Auto"),
        ("000660.KS", "SK Hynix", "SK hynix Inc"),
        ("CBA.AX", "Commonwealth Bank", "CommBank"),
        ("CTC-A.TO", "Canadian Tire", "Canadian Tire Corp"),
    ],
)
def test_names(symbol: str, name: str, alias: str) -> None:
    known = company_names(symbol)
    assert known.name == name
    assert alias in known.aliases


@pytest.mark.parametrize("symbol", ["ZZZZ", "", "aapl"])
def test_a_symbol_that_is_not_listed_has_no_name(symbol: str) -> None:
    assert company_names(symbol) == CompanyNames("", ())


def test_the_file_is_sorted_by_symbol() -> None:
    text = files("stockanalyst.market").joinpath("companies.csv").read_text(encoding="utf-8")
    symbols = [line.partition(",")[0] for line in text.splitlines()[1:]]
    assert len(symbols) > 950
    assert symbols == sorted(set(symbols))


def test_every_row_is_canonical() -> None:
    for symbol in _listed():
        assert parse_symbol(symbol) == symbol
        assert "." not in symbol or calendar_name(symbol) != "XNYS", symbol
        found = spellings(symbol)
        assert all(spelling == " ".join(spelling.split()) != "" for spelling in found), symbol
        assert len(set(found)) == len(found), symbol


def test_no_spelling_is_an_ordinary_word() -> None:
    ordinary = set(ORDINARY_WORDS.split())
    for symbol in _listed():
        assert ordinary.isdisjoint(spelling.lower() for spelling in spellings(symbol)), symbol


def test_only_shares_of_one_company_have_a_spelling_in_common() -> None:
    owners = defaultdict(set)
    for symbol, names in _listed().items():
        for spelling in spellings(symbol):
            owners[spelling.casefold()].add(names.name)
    assert [spelling for spelling, names in owners.items() if len(names) > 1] == []


def test_a_company_is_listed_once_on_an_exchange_but_for_share_classes() -> None:
    listings = defaultdict(list)
    for symbol, names in _listed().items():
        listings[names.name, symbol.rpartition(".")[2] if "." in symbol else ""].append(symbol)
    twice = {pair for symbols in listings.values() for pair in combinations(symbols, 2)}
    assert twice == SHARE_CLASSES
