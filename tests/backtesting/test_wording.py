"""Findings in words."""

from math import nan

import pandas as pd
import pytest

from stockanalyst.backtesting.score_tables import Scores
from stockanalyst.backtesting.wording import percent, skill_sentence
from stockanalyst.exceptions import InputError
from tests.backtesting.cubes import FRAMES


def worded(**columns: float) -> Scores:
    """Scores of three models on AAPL at horizon 7; `columns` are those of drift."""
    row = {"directional_accuracy": 0.634, "always_up": 0.52, "n": 250, "step": 7, "symbol": "AAPL"}
    skill = pd.DataFrame(
        [
            {**row, "model": "random_walk", "skill": nan, "dm_p": nan, "q_value": nan},
            {**row, "model": "linear", "skill": -0.02, "dm_p": 0.01, "q_value": 0.04},
            {**row, "model": "drift", **columns},
        ]
    )
    return Scores(skill, *(pd.DataFrame() for _ in FRAMES[1:]))


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (
            {"skill": -0.0031, "dm_p": 0.41, "q_value": 0.8},
            "no model beats the random walk on AAPL at horizon 7 (best: drift, −0.3 %, p = 0.41)",
        ),
        (
            {"skill": -0.015, "dm_p": 0.015, "q_value": 0.99},
            (
                "no model beats the random walk on AAPL at horizon 7 "
                "(best: drift, −1.5 %, p = 0.015, worse by more than luck explains)"
            ),
        ),
        (
            {"skill": 0.012, "dm_p": 0.031, "q_value": 0.4},
            (
                "no model beats the random walk on AAPL at horizon 7 "
                "(best: drift, +1.2 %, p = 0.031, q = 0.4 among all tests)"
            ),
        ),
        (
            {"skill": 0.012, "dm_p": nan, "q_value": nan},
            "no model beats the random walk on AAPL at horizon 7 (best: drift, +1.2 %, no p)",
        ),
        (
            {"skill": 0.1341, "dm_p": 1e-9, "q_value": 0.0012},
            (
                "drift beats the random walk on AAPL at horizon 7: +13.4 % over 250 cutoffs, "
                "p < 0.001, q = 0.0012; right on the direction 63 %, always up 52 %"
            ),
        ),
    ],
    ids=["no better", "worse", "by chance", "untested", "better"],
)
def test_skill_sentence(columns: dict[str, float], sentence: str) -> None:
    assert skill_sentence(worded(**columns), "AAPL", 7) == sentence


def test_skill_sentence_names_models_as_it_is_told_and_refuses_what_wasnt_scored() -> None:
    scores = worded(skill=-0.5, dm_p=0.5, q_value=0.5)
    assert "best: LINEAR" in skill_sentence(scores, "AAPL", 7, label=str.upper)
    with pytest.raises(InputError, match="scored at step 1"):
        skill_sentence(scores, "AAPL", 1)


def test_percent() -> None:
    assert [percent(0.0123), percent(-0.0123), percent(0.5, 0)] == ["+1.2 %", "−1.2 %", "+50 %"]
