import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfTransformer

from stockanalyst.sentiment.ngrams import LONGEST_TEXT, counts, hashes, weighted

TEXTS = st.lists(st.text(st.characters(codec=None), max_size=30), max_size=5)


def crc(feature: str) -> int:
    return zlib.crc32(feature.encode())


def test_the_features_of_two_words_counted_by_hand() -> None:
    """Two words, one run of two, one pair of stems; 22 runs of ' profit ', 14 of ' rose '."""
    found, bounds = hashes(["Profit rose", ""])
    assert bounds.tolist() == [0, 40, 40]
    expected = ["wprofit", "wrose", "wprofit rose", "pprofi rose", "c pro", "cofit ", "cse "]
    assert {crc(feature) for feature in expected} <= set(found.tolist())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("up 12.5%", "UP 97.3%"),
        ("gains http://example.com/a?b", "gains https://other.example/c"),
    ],
)
def test_digits_capitals_and_addresses_dont_matter(one: str, other: str) -> None:
    assert hashes([one])[0].tolist() == hashes([other])[0].tolist()


def test_stems_of_words_apart_are_paired() -> None:
    near, far = hashes(["profits of the group falling"])[0], hashes(["falling profits"])[0]
    assert crc("pprofi falli") in near
    assert crc("pprofi falli") not in far


def test_counts_and_weights_agree_with_scikit_learn() -> None:
    texts = ["sales sales sales up", "sales down", "costs"]
    found, bounds = hashes(texts)
    keys = np.sort(np.array([crc("wsales"), crc("wup"), crc("wdown")], np.uint32))
    matrix = counts(found, bounds, keys)
    by_hand = {crc("wsales"): [3, 1, 0], crc("wup"): [1, 0, 0], crc("wdown"): [0, 1, 0]}
    assert matrix.toarray().T.tolist() == [by_hand[key] for key in keys.tolist()]
    idf = np.array([1.5, 2.0, 3.0])
    reference = TfidfTransformer(sublinear_tf=True, smooth_idf=False).fit(matrix)
    reference.idf_ = idf
    assert weighted(matrix, idf).toarray() == pytest.approx(reference.transform(matrix).toarray())


def test_the_end_of_a_very_long_text_is_left_out() -> None:
    long = "a " * (LONGEST_TEXT // 2)
    assert hashes([long + "profit"])[0].size == hashes([long])[0].size


@given(TEXTS)
def test_texts_are_hashed_each_by_itself(texts: list[str]) -> None:
    found, bounds = hashes(texts)
    assert len(bounds) == len(texts) + 1
    for text, first, last in zip(texts, bounds, bounds[1:], strict=False):
        assert found[first:last].tolist() == hashes([text])[0].tolist()
