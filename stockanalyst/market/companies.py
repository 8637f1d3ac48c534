"""Names of well-known companies, funds, indices and coins, by symbol.

The members of the main American and European indices and of the Nikkei 225 were checked against
the package ``pytickersymbols`` 1.17.10 (MIT licence).
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class CompanyNames:
    """How headlines call a company.

    Attributes
    ----------
    name : str
        The usual name, such as ``Apple``; empty where it isn't known.
    aliases : tuple of str
        Other names: the legal one, brands, abbreviations.
    """

    name: str = ""
    aliases: tuple[str, ...] = ()


def company_names(symbol: str) -> CompanyNames:
    """Names of `symbol`, which is spelt as Yahoo does; none for one that the list hasn't got."""
    return _listed().get(symbol, CompanyNames())


@cache
def _listed() -> Mapping[str, CompanyNames]:
    """The list that ships with the package: some 1,600 companies, funds, indices and coins."""
    text = files("stockanalyst.market").joinpath("companies.csv").read_text(encoding="utf-8")
    return {
        row["symbol"]: CompanyNames(row["name"], tuple(filter(None, row["aliases"].split("|"))))
        for row in csv.DictReader(text.splitlines())
    }
