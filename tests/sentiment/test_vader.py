import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from stockanalyst.sentiment.vader import VaderScorer

SCORER = VaderScorer()
SENTENCES = (
    "Quarterly profit was good.",
    "Quarterly profit was VERY good!!",
    "The outlook isn't good",
    "The new phone is great, but its battery is terrible.",
    "Shareholders got some rather nice surprises",
    "Hardly any success, and the worst is to come :(",
    "Sales of umbrellas amounted to 3 million",
    "Investors LOVE it :)",
    "What a disaster??? Nobody was happy",
    "😀 up 5 percent today 💘",
    "Costs hurt; the bank still won",
    "At least it is not bankrupt",
)


def test_equals_the_authors_own_analyzer() -> None:
    peer = SentimentIntensityAnalyzer()
    expected = [peer.polarity_scores(text)["compound"] for text in SENTENCES]
    found = SCORER.score(SENTENCES).polarity
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert min(expected) < -0.3 < 0.3 < max(expected)


def test_the_usual_thresholds_part_the_labels() -> None:
    scores = SCORER.score(SENTENCES)
    expected = np.select(
        [scores.polarity >= 0.05, scores.polarity <= -0.05], ["positive", "negative"], "neutral"
    )
    np.testing.assert_array_equal(scores.labels, expected)
    assert set(expected) == {"positive", "negative", "neutral"}


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b"])
def test_nothing_to_read_is_neutral(text: str) -> None:
    scores = SCORER.score([text])
    assert scores.labels.tolist() == ["neutral"]
    assert scores.polarity.tolist() == [0.0]


@given(st.lists(st.text(), max_size=4))
def test_any_text_has_a_score(texts: list[str]) -> None:
    scores = SCORER.score(texts)
    assert scores.probabilities.shape == (len(texts), 3)
    assert (np.abs(scores.polarity) <= 1).all()
    np.testing.assert_allclose(scores.probabilities.sum(axis=1), 1)
