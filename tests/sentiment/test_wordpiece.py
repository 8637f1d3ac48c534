import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.sentiment.wordpiece import WordPiece

PIECES = [
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "profit", "fell", "un", "##aff", "##able", "resume"),
    *(",", "$", "%", "3", "##4", "[", "]", "sep", "利", "'", "s", "東"),
]


@pytest.fixture(scope="module")
def tokenizer() -> WordPiece:
    return WordPiece(PIECES)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Profit fell", ["profit", "fell"]),
        ("unaffable", ["un", "##aff", "##able"]),
        ("unaffordable", ["[UNK]"]),
        ("RÉSUMÉ, résumé", ["resume", ",", "resume"]),
        ("$34%", ["$", "3", "##4", "%"]),
        ("profit's", ["profit", "'", "s"]),
        ("[SEP]", ["[", "sep", "]"]),
        ("利東 profit", ["利", "東", "profit"]),
        ("pro\x00fit\u200b \ufffdfell\u00a0fell", ["profit", "fell", "fell"]),
        ("p" * 101, ["[UNK]"]),
        (" \t\n ", []),
    ],
)
def test_pieces_by_berts_published_rules(
    tokenizer: WordPiece, text: str, pieces: list[str]
) -> None:
    """Lower, without accents, punctuation alone, longest piece first, nothing special in a text."""
    numbers = tokenizer.encode(text, longest=64)
    assert [PIECES[number] for number in numbers] == ["[CLS]", *pieces, "[SEP]"]


def test_a_vocabulary_of_an_mpnet_has_its_own_special_pieces() -> None:
    """That of all-mpnet-base-v2 holds BERT's, too, which it doesn't use."""
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *PIECES]
    tokenizer = WordPiece(pieces)
    numbers = tokenizer.encode("profit xyz <s>", longest=64)
    expected = ["<s>", "profit", "[UNK]", "[UNK]", "s", "[UNK]", "</s>"]
    assert [pieces[number] for number in numbers] == expected
    assert tokenizer.pad == 1
    assert not tokenizer.knows(tokenizer.encode("xyz", longest=64))


def test_a_long_text_is_cut_but_ends_as_it_should(tokenizer: WordPiece) -> None:
    numbers = tokenizer.encode("profit fell, " * 1000, longest=8)
    assert [PIECES[number] for number in numbers] == [
        *("[CLS]", "profit", "fell", ",", "profit", "fell", ",", "[SEP]")
    ]


def test_what_it_knows(tokenizer: WordPiece) -> None:
    assert tokenizer.knows(tokenizer.encode("xyz profit", longest=64))
    assert not tokenizer.knows(tokenizer.encode("xyz zyx", longest=64))
    assert not tokenizer.knows(tokenizer.encode("", longest=64))


def test_a_vocabulary_without_special_pieces_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[CLS\], \[SEP\]"):
        WordPiece(["[PAD]", "[UNK]"])


@given(st.text(st.characters(codec=None)))
def test_any_text_gives_numbers_of_the_vocabulary(text: str) -> None:
    numbers = WordPiece(PIECES).encode(text, longest=16)
    assert 2 <= len(numbers) <= 16
    assert all(0 <= number < len(PIECES) for number in numbers)
