import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stockanalyst._typing import Matrix
from stockanalyst.sentiment.calibration import (
    calibration_error,
    fit_temperature,
    log_loss,
    softmax,
    text_scores,
)

LOGITS = arrays(float, st.tuples(st.integers(1, 5), st.just(3)), elements=st.floats(-50, 50))


def test_softmax_against_numbers_worked_out_by_hand() -> None:
    """With logs of 1, 2 and 5 the shares are eighths; at temperature 2 the roots share."""
    logits = np.log([[1.0, 2.0, 5.0], [1.0, 4.0, 9.0]])
    assert softmax(logits)[0] == pytest.approx([0.125, 0.25, 0.625])
    assert softmax(logits, temperature=2.0)[1] == pytest.approx([1 / 6, 2 / 6, 3 / 6])


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_a_factor(factor: float) -> None:
    """Labels drawn from the probabilities themselves: what was multiplied in must come out."""
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 1.5, (20_000, 3))
    labels = (softmax(logits).cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1)
    assert fit_temperature(factor * logits, labels) == pytest.approx(factor, rel=0.05)


def test_log_loss_and_calibration_error_by_hand() -> None:
    """Two bins: sure to 0.6 and right once of two, sure to 0.9 and right."""
    probabilities = np.array([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6], [0.05, 0.9, 0.05]])
    labels = np.array([0, 0, 1])
    assert log_loss(probabilities, labels) == pytest.approx(-np.log(0.6 * 0.2 * 0.9) / 3)
    assert calibration_error(probabilities, labels) == pytest.approx((2 * 0.1 + 0.1) / 3)


def test_a_guess_becomes_neutral_and_keeps_its_confidence() -> None:
    """0.44 is below the floor: neutral gets it, and 0.56 is shared as 0.44 to 0.16 were."""
    guesses = np.array([[0.44, 0.40, 0.16], [0.2, 0.3, 0.5], [0.9, 0.05, 0.05]])
    scores = text_scores(guesses, np.array([True, True, False]))
    assert scores.labels.tolist() == ["neutral", "positive", "neutral"]
    assert scores.probabilities[0] == pytest.approx([0.4107, 0.44, 0.1493], abs=1e-4)
    assert scores.polarity == pytest.approx([0.1493 - 0.4107, 0.3, 0.0], abs=1e-4)
    assert scores.probabilities[1] == pytest.approx(guesses[1])


@given(LOGITS)
def test_scores_are_probabilities_and_guesses_are_neutral(logits: Matrix) -> None:
    probabilities = softmax(logits)
    scores = text_scores(probabilities, np.ones(len(logits), dtype=bool))
    assert scores.probabilities.sum(axis=1) == pytest.approx(1.0)
    assert (scores.probabilities >= 0).all()
    assert (np.abs(scores.polarity) <= 1).all()
    sure = probabilities.max(axis=1) >= 0.45
    assert set(scores.labels[~sure]) <= {"neutral"}
    assert (scores.probabilities[sure] == probabilities[sure]).all()
