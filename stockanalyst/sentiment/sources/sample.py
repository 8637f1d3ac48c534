"""Headlines that travel with the package and were invented for it: no network."""

import csv
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

from stockanalyst.sentiment.articles import Article, Company, Findings, Window
from stockanalyst.sentiment.sources.reading import inside

SOURCES = ("sample_news", "sample_wire")
_FILE = "sample_headlines.csv"


@dataclass(frozen=True)
class SampleHeadlines:
    """Invented headlines on the companies of the sample's prices, January to March 2013.

    They show the whole path without a network: some are carried twice, some tell of something else,
    and some are dated after the last session and must never count. Each publisher's name says that
    it is invented.

    Parameters
    ----------
    name : str
        One of :data:`SOURCES`.
    """

    name: str

    def fetch(self, company: Company, window: Window) -> Findings:
        """Articles; nothing for a symbol that the sample doesn't have."""
        text = files("stockanalyst.sentiment.sources").joinpath(_FILE).read_text(encoding="utf-8")
        _marked, *lines = text.splitlines()
        rows = csv.DictReader(lines)
        own = (row for row in rows if (row["symbol"], row["source"]) == (company.symbol, self.name))
        articles = (
            Article(
                source=self.name,
                title=row["title"],
                published_at=datetime.fromisoformat(row["published_at"]),
                publisher=row["publisher"],
                summary=row["summary"],
            )
            for row in own
        )
        return inside(window, articles)
