"""WordPiece: text as the numbers that a BERT or an MPNet without capitals reads.

The rules are those of BERT's own tokenizer: control characters go, ideographs and punctuation
stand alone, letters are lowered and lose their accents, and each word is cut into the longest
pieces that the vocabulary has. What looks like a special token in a text is text.
"""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar

_LONGEST_WORD = 100
_CACHED_WORDS = 50_000
_IDEOGRAPHS = ("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH")


class WordPiece:
    """A tokenizer.

    Parameters
    ----------
    vocabulary : sequence of str
        The pieces, by number; those inside a word begin with ``##``.

    Attributes
    ----------
    pad : int
        The number that fills a row of a batch up.

    Raises
    ------
    ValueError
        A special token is missing.
    """

    SPECIAL: ClassVar[Sequence[str]] = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
    SPECIAL_OF_MPNET: ClassVar[Sequence[str]] = ("<pad>", "[UNK]", "<s>", "</s>")

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._numbers = {piece: number for number, piece in enumerate(vocabulary)}
        is_of_mpnet = list(vocabulary[:3]) == ["<s>", "<pad>", "</s>"]
        special = self.SPECIAL_OF_MPNET if is_of_mpnet else self.SPECIAL
        absent = [piece for piece in special if piece not in self._numbers]
        if absent:
            raise ValueError(f"the vocabulary has no {', '.join(absent)}")
        self.pad, self._unknown, self._start, self._end = (
            self._numbers[piece] for piece in special
        )
        self._nothing = {self._unknown, self._start, self._end}
        self._characters = _Characters()
        self._pieces = lru_cache(_CACHED_WORDS)(self._cut)

    def encode(self, text: str, *, longest: int) -> list[int]:
        """Numbers of a text, start and end included; pieces after `longest` − 2 are left out."""
        room = longest - 2
        numbers: list[int] = []
        start = text[: longest * _LONGEST_WORD]
        for word in start.translate(self._characters).split():
            numbers.extend(self._pieces(word))
            if len(numbers) >= room:
                break
        return [self._start, *numbers[:room], self._end]

    def knows(self, numbers: Sequence[int]) -> bool:
        """Whether an encoded text holds any piece of the vocabulary."""
        return any(number not in self._nothing for number in numbers)

    def _cut(self, word: str) -> tuple[int, ...]:
        """The longest known pieces of a word, from its beginning; all of it or nothing."""
        numbers: list[int] = []
        first = 0
        while first < len(word) <= _LONGEST_WORD:
            prefix = "##" if first else ""
            ends = range(len(word), first, -1)
            end = next((end for end in ends if prefix + word[first:end] in self._numbers), None)
            if end is None:
                break
            numbers.append(self._numbers[prefix + word[first:end]])
            first = end
        return tuple(numbers) if first == len(word) else (self._unknown,)


class _Characters(dict[int, str]):
    """What each character becomes before words are cut; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        self[code] = _normalised(chr(code))
        return self[code]


def _normalised(character: str) -> str:
    control = unicodedata.category(character) in {"Cc", "Cf", "Co", "Cs"}
    if character in "\t\n\r" or (character.isspace() and not control):
        return " "
    if control or character == "\ufffd":
        return ""
    if unicodedata.name(character, "").startswith(_IDEOGRAPHS):
        return f" {character} "
    return "".join(map(_standing, unicodedata.normalize("NFD", character))).lower()


def _standing(character: str) -> str:
    """Nothing for an accent; punctuation between spaces; any other character as it is."""
    category = unicodedata.category(character)
    if category == "Mn":
        return ""
    alone = category[0] == "P" or (character.isascii() and character.isprintable())
    return f" {character} " if alone and not character.isalnum() else character
