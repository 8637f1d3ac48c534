"""Items of an RSS feed, read by a parser that takes no document type, and so no entity of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_MANY, _LONG = 500, 4000  # items, and characters of a text in one


def items_of_feed(text: str) -> list[Mapping[str, str]] | None:
    """Texts by tag of every ``item``; None for what isn't RSS, is cut off or is dangerous."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser, ParseError

    feed = _Feed()
    # Told of what it reads, the parser builds no tree: neither depth nor size is a danger.
    parser = DefusedXMLParser(target=feed, forbid_dtd=True)
    try:
        parser.feed(text.lstrip("\ufeff \r\n\t"))
        parser.close()
    except (ParseError, DefusedXmlException, ValueError):
        return None
    return list(feed.items) if feed.found else None


@dataclass
class _Feed:
    """Told of each tag and text; keeps the children of items."""

    items: list[dict[str, str]] = field(default_factory=list)
    found: bool = False
    _open: int = 0  # tags, from the outermost inwards
    _item: int = 0  # how deep the open item stands; 0 outside of one
    _tag: str = ""  # the child of an item that is open

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:  # noqa: ARG002  the parser's
        self._open += 1
        self.found = self.found or (tag == "channel" and self._open == 2)
        if not self._item and tag == "item" and self.found and len(self.items) < _MANY:
            self._item = self._open
            self.items.append({})
        elif self._item and self._open == self._item + 1 and tag not in self.items[-1]:
            self._tag = tag
            self.items[-1][tag] = ""

    def end(self, tag: str) -> None:  # noqa: ARG002  the parser's
        if self._open == self._item:
            self._item = 0
        elif self._open == self._item + 1:
            self._tag = ""
        self._open -= 1

    def data(self, text: str) -> None:
        if not self._tag:
            return
        before = self.items[-1][self._tag]
        if len(before) < _LONG:
            self.items[-1][self._tag] = before + text

    def close(self) -> None:
        """Nothing is left to do; the parser wants to say it."""
