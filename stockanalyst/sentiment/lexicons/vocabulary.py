"""What each word and phrase does in a sentence, as a lexicon file says."""

from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import product
from typing import NamedTuple, TypeAlias

from stockanalyst.sentiment.lexicons.tokens import tokens_of


class Kind(Enum):
    """What a term does; the head of ``finance.txt`` says it of each."""

    MOVE = "move"
    GAUGE = "gauge"
    TONE = "tone"
    WORD = "word"
    JARGON = "jargon"
    CALL = "call"
    RATING = "rating"
    SCALE = "scale"
    NEGATOR = "negator"
    BUT = "but"
    ASIDE = "aside"
    CUE = "cue"
    CLAUSE = "clause"
    SWING = "swing"
    ENDING = "ending"
    HEDGE = "hedge"
    EXPECTED = "expected"
    ANCHOR = "anchor"
    NOTHING = "nothing"


class Entry(NamedTuple):
    """A term's line in the lexicon.

    Attributes
    ----------
    kind : Kind
    weight : float
        Of a tone from −4 to 4; of a move and of a gauge their direction and size.
    alone : float
        What a move is worth without a gauge, and a gauge without a move.
    """

    kind: Kind
    weight: float = 0.0
    alone: float = 0.0


Term: TypeAlias = tuple[str, Entry]
Endings: TypeAlias = list[tuple[list[str], Entry]]
"""What may follow a term's first word, the longest first."""

_VOWELS = "aeiou"
_HISSES = ("s", "x", "z", "ch", "sh")


class Vocabulary:
    """Terms by their first word.

    Parameters
    ----------
    terms : iterable of (str, Entry)
        The last entry of a term counts; jargon and calls may stand beside it.

    Attributes
    ----------
    plain, street : dict of str to list
        For texts without a cashtag, and with one.
    calls : dict of str to list
        For the head of a sentence.
    """

    def __init__(self, terms: Iterable[Term]) -> None:
        plain: dict[tuple[str, ...], Entry] = {}
        street: dict[tuple[str, ...], Entry] = {}
        calls: dict[tuple[str, ...], Entry] = {}
        for term, entry in terms:
            words = tuple(tokens_of(term))
            if entry.kind is Kind.CALL:
                calls[words] = entry
                continue
            street[words] = entry
            if entry.kind is not Kind.JARGON:
                plain[words] = entry
                calls.pop(words, None)
        self.plain, self.street, self.calls = map(_by_first_word, (plain, street, calls))


def parse(text: str) -> Iterator[Term]:
    """Each term of a lexicon file, in all its forms.

    Parameters
    ----------
    text : str
        Sections such as ``[move 1 alone 0.8]``, and under each its terms, between commas.
    """
    entry = Entry(Kind.NOTHING)
    for line in text.splitlines():
        if line.startswith("["):
            kind, *numbers = line.strip("[]").replace("alone", "").split()
            entry = Entry(Kind(kind), *map(float, numbers))
        elif not line.startswith("#"):
            for term in filter(str.strip, line.split(",")):
                for words in product(*map(_forms, term.split())):
                    yield " ".join(words), entry


def _by_first_word(terms: dict[tuple[str, ...], Entry]) -> dict[str, Endings]:
    found: dict[str, Endings] = {}
    for words in sorted(filter(None, terms), key=len, reverse=True):
        found.setdefault(words[0], []).append((list(words[1:]), terms[words]))
    return found


def _forms(word: str) -> tuple[str, ...]:
    stem = word.rstrip("*+")
    if word.endswith("**"):
        return stem, _with_s(stem), f"{stem}{stem[-1]}ed", f"{stem}{stem[-1]}ing"
    if word.endswith("*"):
        return stem, _with_s(stem), *_past_and_participle(stem)
    return (stem, _with_s(stem)) if word.endswith("+") else (word,)


def _with_s(stem: str) -> str:
    if stem.endswith("y") and stem[-2] not in _VOWELS:
        return f"{stem[:-1]}ies"
    return f"{stem}es" if stem.endswith(_HISSES) else f"{stem}s"


def _past_and_participle(stem: str) -> tuple[str, str]:
    if stem.endswith("e"):
        return f"{stem}d", f"{stem[:-1]}ing"
    if stem.endswith("y") and stem[-2] not in _VOWELS:
        return f"{stem[:-1]}ied", f"{stem}ing"
    return f"{stem}ed", f"{stem}ing"
