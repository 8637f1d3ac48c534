import pytest

from stockanalyst.market.companies import CompanyNames, _listed, company_names
from stockanalyst.market.symbols import parse_symbol


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
    ],
)
def test_names(symbol: str, name: str, alias: str) -> None:
    known = company_names(symbol)
    assert known.name == name
    assert alias in known.aliases


@pytest.mark.parametrize("symbol", ["ZZZZ", "", "aapl"])
def test_a_symbol_that_is_not_listed_has_no_name(symbol: str) -> None:
    assert company_names(symbol) == CompanyNames("", ())


def test_every_row_is_canonical() -> None:
    assert len(_listed()) > 250
    for symbol, names in _listed().items():
        assert parse_symbol(symbol) == symbol
        spellings = [names.name, *names.aliases]
        assert all(spelling == " ".join(spelling.split()) != "" for spelling in spellings), symbol
        assert len(set(spellings)) == len(spellings), symbol
