import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stockanalyst.sentiment.thresholds import Thresholds

polarities = st.lists(st.floats(-1, 1), min_size=1)


@given(polarities, st.floats(0.01, 0.9), st.floats(0.1, 20), st.floats(0, 3))
def test_the_most_probable_label_is_the_one_that_the_threshold_says(
    found: list[float], at: float, steepness: float, calm: float
) -> None:
    polarity = np.array([value for value in found if abs(abs(value) - at) > 1e-6] or [0.0])
    known = np.ones(polarity.size, dtype=bool)
    scores = Thresholds(at, steepness, calm).scores(polarity, known)
    expected = np.select([polarity > at, polarity < -at], ["positive", "negative"], "neutral")
    np.testing.assert_array_equal(scores.labels, expected)
    np.testing.assert_allclose(scores.probabilities.sum(axis=1), 1)


def test_probabilities_by_hand() -> None:
    """Logits −4, 0 and 2 where polarity is 0.6; what isn't known is left open."""
    scores = Thresholds(0.2, 5.0).scores(np.array([0.6, 0.0]), np.array([True, False]))
    odds = np.exp([-4.0, 0.0, 2.0])
    np.testing.assert_allclose(scores.probabilities, [odds / odds.sum(), [0.3, 0.4, 0.3]])


@given(st.floats(-1, 1), st.floats(0, 1))
def test_a_better_text_is_never_less_probably_positive(polarity: float, better: float) -> None:
    pair = np.array([polarity, min(polarity + better, 1.0)])
    probabilities = Thresholds(0.36, 5.4).scores(pair, np.ones(2, dtype=bool)).probabilities
    assert probabilities[1, 2] >= probabilities[0, 2] - 1e-12
    assert probabilities[1, 0] <= probabilities[0, 0] + 1e-12
