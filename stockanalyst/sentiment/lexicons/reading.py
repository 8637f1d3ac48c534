"""From text to signs: what matters of its words, amounts and punctuation, in their order."""

from enum import Enum
from typing import NamedTuple, TypeAlias

from stockanalyst.sentiment.lexicons.tokens import amount_at, names_currency, tokens_of
from stockanalyst.sentiment.lexicons.vocabulary import Endings, Entry, Kind, Vocabulary


class Mark(Enum):
    """A sign that isn't a term of the lexicon."""

    AMOUNT = "amount"
    CASHTAG = "cashtag"
    STOP = "stop"
    QUESTION = "question"
    COMMA = "comma"
    OPEN = "open"
    CLOSE = "close"


class Sign(NamedTuple):
    """What stands at a place of a text.

    Attributes
    ----------
    place : int
        Number of its last token.
    kind : Kind or Mark
    weight, alone : float
        As in :class:`~stockanalyst.sentiment.lexicons.vocabulary.Entry`; of an amount its value,
        and what its digits are counted in.
    link : str
        Of an amount its unit; of a move ``from`` where that is its last word, and ``to`` where that
        follows it.
    """

    place: int
    kind: Kind | Mark
    weight: float = 0.0
    alone: float = 0.0
    link: str = ""


Terms: TypeAlias = dict[str, Endings]

_MARKS = {
    ".": Mark.STOP,
    "!": Mark.STOP,
    ";": Mark.STOP,
    "?": Mark.QUESTION,
    ",": Mark.COMMA,
    ":": Mark.COMMA,
    "(": Mark.OPEN,
    ")": Mark.CLOSE,
}
_LINKS = frozenset({"of", "a", "was", "were", "is", "at", ":", "loss", "profit", "revenue"})
"""What may stand between *consensus* and its amount."""
_SENTENCE_ENDS = frozenset(".:!?")


def read(text: str, vocabulary: Vocabulary) -> list[Sign]:
    """The signs of a text."""
    tokens = tokens_of(text)
    tagged = any(token[0] == "$" and token[1:2].isalpha() for token in tokens)
    terms = vocabulary.street if tagged else vocabulary.plain
    signs = [Sign(-1, Mark.CASHTAG)] if tagged else []
    place = 0
    while place < len(tokens):
        found = _call(tokens, place, vocabulary.calls) or _term(tokens, place, terms)
        if found is None:
            signs += _others(tokens, place)
        else:
            entry, place = found
            if entry.kind is not Kind.NOTHING:
                signs.append(Sign(place, *entry, _link(tokens, place)))
        place += 1
    return signs


def _call(tokens: list[str], place: int, calls: Terms) -> tuple[Entry, int] | None:
    if place and tokens[place - 1] not in _SENTENCE_ENDS:
        return None
    return _term(tokens, place, calls)


def _term(tokens: list[str], place: int, terms: Terms) -> tuple[Entry, int] | None:
    """The longest term that begins there, and the place of its last token."""
    for ending, entry in terms.get(tokens[place], ()):
        end = place + 1 + len(ending)
        if tokens[place + 1 : end] == ending:
            if entry.kind is Kind.GAUGE and names_currency(tokens, place):
                return None
            return _as_meant(entry, tokens, end), end - 1
    return None


def _as_meant(entry: Entry, tokens: list[str], end: int) -> Entry:
    """What is expected is compared where an amount follows; else it is a gauge."""
    if entry.kind is not Kind.EXPECTED:
        return entry
    while tokens[end : end + 1] and tokens[end] in _LINKS:
        end += 1
    if tokens[end : end + 1] and not tokens[end].isalpha() and amount_at(tokens, end):
        return Entry(Kind.CUE)
    return entry._replace(kind=Kind.GAUGE if entry.weight else Kind.ANCHOR)


def _link(tokens: list[str], place: int) -> str:
    if tokens[place] == "from":
        return "from"
    return "to" if tokens[place + 1 : place + 2] == ["to"] else ""


def _others(tokens: list[str], place: int) -> list[Sign]:
    if mark := _MARKS.get(tokens[place]):
        return [Sign(place, mark)]
    amount = None if tokens[place].isalpha() else amount_at(tokens, place)
    if amount is None:
        return []
    direction = -1.0 if amount.sign == "-" else 1.0
    value = direction * amount.value
    sign = Sign(place, Mark.AMOUNT, value, amount.multiple, amount.unit)
    return [Sign(place, Kind.MOVE, direction, direction), sign] if amount.sign else [sign]
