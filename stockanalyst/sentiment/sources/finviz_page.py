"""The table of news on a page of Finviz: its rows, and the times in its first column."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
_TABLE = "news-table"
_MANY, _LONG = 500, 2000  # rows, and characters of a cell; a page has about a hundred, all short
_WHEN = re.compile(r"(?:(Today|[A-Z][a-z]{2}-\d\d-\d\d)\s)?(\d{1,2}):(\d\d)([AP])M", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass
class Row:
    """Texts as they stand in a row; `when` is its first cell, the others may be empty."""

    when: str = ""
    title: str = ""
    publisher: str = ""
    href: str = ""
    cells: int = 0
    links: int = 0

    @property
    def time(self) -> str:
        """The first cell; empty where that is no time and nothing is linked: an advertisement."""
        text = " ".join(self.when.split())
        return text if self.links or _WHEN.fullmatch(text) else ""


def rows_of_page(page: str) -> list[Row] | None:
    """Rows of the table of news, advertisements among them; None where there is no such table."""
    from lxml import etree

    table = _NewsTable()
    # Told of what it reads, the parser builds no tree: neither depth nor size is a danger. Nothing
    # in the page is run or fetched.
    parser = etree.HTMLParser(target=table, encoding="utf-8")
    try:
        parser.feed(page.encode("utf-8", "replace"))
        parser.close()
    except etree.LxmlError:
        return None
    return table.rows if table.found else None


@dataclass
class TimeColumn:
    """Times down the table, newest first; one without a date is of the day of the one above.

    Parameters
    ----------
    today : date
        In New York.
    """

    today: date
    _above: datetime | None = None

    def read(self, text: str) -> datetime | None:
        """The moment in UTC of the next cell; None for what is none.

        After a cell that can't be read, and after a time later than the one above, which a lost
        row must explain, the day is unknown until the next date.
        """
        if not any(sign.isdigit() for sign in text):
            return None  # an advertisement
        above, self._above = self._above, None
        found = _WHEN.fullmatch(text)
        clock = _clock(found) if found else None
        if found is None or clock is None:
            return None
        day = self._day(found[1]) if found[1] else above.date() if above else None
        if day is None or (not found[1] and above and clock > above.time()):
            return None
        self._above = datetime.combine(day, clock)
        # Of an hour that comes twice in autumn, the second: nothing is known before it was said.
        return self._above.replace(tzinfo=EASTERN, fold=1).astimezone(UTC)

    def _day(self, text: str) -> date | None:
        if text == "Today":
            return self.today
        month, day, year = text.split("-")
        try:
            return date(2000 + int(year), _MONTHS.index(month) + 1, int(day))
        except ValueError:
            return None


def _clock(found: re.Match[str]) -> time | None:
    hour, minute = int(found[2]), int(found[3])
    if not 1 <= hour <= 12 or minute > 59:
        return None
    return time(hour % 12 + (12 if found[4] == "P" else 0), minute)


@dataclass
class _NewsTable:
    """Told of each tag and text of a page; keeps the rows of the table of news."""

    rows: list[Row] = field(default_factory=list)
    found: bool = False
    _tables: int = 0  # open ones, from the table of news inwards
    _fields: list[str] = field(default_factory=list)  # of a row, that each open tag stands in

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "table" and (self._tables or attributes.get("id") == _TABLE):
            self.found = True
            self._tables += 1
        if not self._tables:
            return
        if tag == "tr" and len(self.rows) < _MANY:
            self.rows.append(Row())
        self._fields.append(self._field(tag, attributes) if self.rows else "")

    def end(self, tag: str) -> None:
        if self._fields:
            self._fields.pop()
        if tag == "table" and self._tables:
            self._tables -= 1

    def data(self, text: str) -> None:
        name = self._fields[-1] if self._fields else ""
        before = getattr(self.rows[-1], name) if name else ""
        if name and len(before) < _LONG:
            setattr(self.rows[-1], name, before + text)

    def close(self) -> None:
        """Nothing is left to do; the parser wants to say it."""

    def _field(self, tag: str, attributes: dict[str, str]) -> str:
        row, outer = self.rows[-1], self._fields[-1] if self._fields else ""
        if tag in {"td", "th"}:
            row.cells += 1
            return "when" if row.cells == 1 else ""
        if tag == "a":
            row.links += 1
            if row.title.strip():
                return ""
            row.href = attributes.get("href", "")  # the one before was a picture
            return "title"
        if tag == "span" and outer != "title":
            return "publisher"
        return "" if tag in {"script", "style"} else outer
