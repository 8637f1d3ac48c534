"""The rule, on tracks whose skill is set by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from stockanalyst.recommendation.policy import Action, Policy, recommend, track_record
from stockanalyst.recommendation.signals import tracks

N = 160
RNG_SEED = 7


def past_frame(
    models: dict[str, np.ndarray], outcome: np.ndarray, base: np.ndarray
) -> pd.DataFrame:
    """One-step forecast frame of symbol X; each model's forecasts are given."""
    sessions = pd.bdate_range("2020-01-01", periods=N + 1)
    frames = [
        pd.DataFrame(
            {
                "symbol": "X",
                "model": model,
                "cutoff": sessions[:-1],
                "session": sessions[1:],
                "step": 1,
                "yhat": yhat,
                "y": outcome,
            }
        )
        for model, yhat in {"random_walk": base, **models}.items()
    ]
    return pd.concat(frames, ignore_index=True)


def next_frame(expected: dict[str, float]) -> pd.DataFrame:
    """Forecast of the one session after the past frame; the price stands at 100."""
    cutoff = pd.bdate_range("2020-01-01", periods=N + 1)[-1]
    rows = [
        {
            "symbol": "X",
            "model": m,
            "cutoff": cutoff,
            "step": 1,
            "yhat": 100 * (1 + r),
            "y": math.nan,
        }
        for m, r in {"random_walk": 0.0, **expected}.items()
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def world() -> tuple[np.ndarray, np.ndarray]:
    """Prices at 100 that move by ± 1 % and a bit, known only to a model that knows."""
    rng = np.random.default_rng(RNG_SEED)
    base = np.full(N, 100.0)
    return base, base * (1 + rng.choice([-0.01, 0.01], N) + rng.normal(0, 0.002, N))


POLICY = Policy(alpha=0.05, cost=0.001, min_edge=0.0, min_evidence=100)


@pytest.mark.parametrize(
    ("expected", "action"),
    [
        (0.0021, Action.BUY),
        (0.0019, Action.HOLD),
        (-0.0019, Action.HOLD),
        (-0.0021, Action.SELL),
    ],
)
def test_a_proven_model_calls_when_the_move_pays_a_round_trip(
    world: tuple[np.ndarray, np.ndarray], expected: float, action: Action
) -> None:
    base, outcome = world
    said = recommend(
        past_frame({"oracle": outcome}, outcome, base),
        next_frame({"oracle": expected}),
        steps=[1],
        policy=POLICY,
    )
    assert said.action is action
    assert (said.model, said.step) == ("oracle", 1)
    assert said.expected_return == pytest.approx(expected)
    assert said.required_return == pytest.approx(0.002)
    assert said.reasons[0].code == "skill"


def test_no_skill_no_call_whatever_the_forecast(world: tuple[np.ndarray, np.ndarray]) -> None:
    base, outcome = world
    rng = np.random.default_rng(1)
    guess = base * (1 + rng.normal(0, 0.01, N))
    said = recommend(
        past_frame({"guess": guess}, outcome, base),
        next_frame({"guess": 0.5}),
        steps=[1],
        policy=POLICY,
    )
    assert said.action is Action.NO_CALL
    assert said.model is None
    assert math.isnan(said.expected_return)
    assert said.reasons[0].code == "no_skill"
    assert said.reasons[0].sentence.startswith(
        "No model beats the random walk on X at horizon 1 (best: guess at horizon 1, −"
    )


def test_without_any_model_there_is_no_call(world: tuple[np.ndarray, np.ndarray]) -> None:
    base, outcome = world
    said = recommend(past_frame({}, outcome, base), next_frame({}), steps=[1], policy=POLICY)
    assert said.action is Action.NO_CALL
    assert said.track_record.n_cutoffs == 0


def test_the_rule_is_judged_by_what_came_of_its_calls(world: tuple[np.ndarray, np.ndarray]) -> None:
    base, outcome = world
    record = track_record(tracks(past_frame({"oracle": outcome}, outcome, base), [1]), POLICY)
    # Asked at cutoffs 100 … 159: each knows at least 100 outcomes. The oracle is never wrong, and
    # earns the move less two trades of 0.1 %.
    assert record.n_cutoffs == 60
    assert record.n_calls == record.n_hits == 60
    assert record.hit_rate == 1.0
    moves = np.abs(outcome[100:] / 100 - 1)
    assert record.mean_return == pytest.approx(moves.mean() - 0.002)
    assert record.n_buys == int((outcome[100:] > 100).sum())


def test_the_rule_at_a_past_cutoff_knows_no_later_outcome(
    world: tuple[np.ndarray, np.ndarray],
) -> None:
    base, outcome = world
    frame = past_frame({"oracle": outcome}, outcome, base)
    garbled = frame.copy()
    late = garbled["session"] > garbled["cutoff"].unique()[130]
    garbled.loc[late, ["y", "yhat"]] = 1e6
    policy = Policy(min_evidence=100)
    sessions = frame["cutoff"].unique()[:131]

    def calls(of: pd.DataFrame) -> list[tuple[str, int]]:
        from stockanalyst.recommendation.signals import weigh

        return [
            (e.model, e.n, e.skill, e.p_adjusted)  # type: ignore[misc]
            for moment in sessions[100:]
            for e in weigh(tracks(of, [1]), moment)
        ]

    assert calls(frame) == calls(garbled)
    assert policy.required_return == pytest.approx(0.002)


def test_a_cutoff_doesnt_know_the_outcome_of_its_own_forecast() -> None:
    base = np.full(N, 100.0)
    frame = past_frame({"m": base}, base, base)
    (track,) = tracks(frame, [1])
    assert track.known_at(track.cutoffs[0]) == 0
    assert track.known_at(track.cutoffs[5]) == 5  # the forecasts from cutoffs 0 … 4


def test_looking_at_many_models_raises_the_bar(world: tuple[np.ndarray, np.ndarray]) -> None:
    base, outcome = world
    rng = np.random.default_rng(3)
    weak = base + 0.18 * (outcome - base) + rng.normal(0, 0.35, N)
    alone = past_frame({"weak": weak}, outcome, base)
    noise = {f"noise{k}": base * (1 + rng.normal(0, 0.01, N)) for k in range(40)}
    crowd = past_frame({"weak": weak, **noise}, outcome, base)
    forecast = next_frame({"weak": 0.01, **dict.fromkeys(noise, 0.0)})
    lenient = recommend(alone, forecast, steps=[1], policy=POLICY).reasons[0].values
    strict = recommend(crowd, forecast, steps=[1], policy=POLICY).reasons[0].values
    assert lenient["p_value"] == pytest.approx(lenient["p_adjusted"])
    assert float(str(strict["p_adjusted"])) > float(str(lenient["p_adjusted"]))
    assert strict["n_tests"] == 41
