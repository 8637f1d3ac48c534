"""Numbers and findings in words."""

from collections.abc import Callable
from math import isnan

from stockanalyst.backtesting.score_tables import SIGNIFICANT, Scores
from stockanalyst.exceptions import InputError
from stockanalyst.forecasting.registry import model_label


def skill_sentence(
    scores: Scores, symbol: str, step: int, *, label: Callable[[str], str] = model_label
) -> str:
    """Say in plain words whether a model beats the random walk on `symbol`.

    It does where its skill is positive and its q-value below 0.05.

    Raises
    ------
    InputError
        The symbol wasn't scored at that step.
    """
    table = scores.skill
    rows = table[(table["symbol"] == symbol) & (table["step"] == step)]
    if rows.empty:
        raise InputError("symbol", symbol, f"choose one that was scored at step {step}")
    where = f"the random walk on {symbol} at horizon {step}"
    tested = rows.dropna(subset=["skill"]).sort_values("skill", ascending=False, kind="stable")
    if tested.empty:
        return f"no model could be tested against {where}"
    better = tested[(tested["skill"] > 0) & (tested["q_value"] < SIGNIFICANT)]
    best = (tested if better.empty else better).iloc[0]
    name, skill, p, q = label(best["model"]), best["skill"], best["dm_p"], best["q_value"]
    if better.empty:
        chance = ""
        if p < SIGNIFICANT:
            among = f", {p_text(q, 'q')} among all tests"
            chance = among if skill > 0 else ", worse by more than luck explains"
        return f"no model beats {where} (best: {name}, {percent(skill)}, {p_text(p)}{chance})"
    return (
        f"{name} beats {where}: {percent(skill)} over {best['n']} cutoffs, {p_text(p)}, "
        f"{p_text(q, 'q')}; right on the direction {best['directional_accuracy'] * 100:.0f} %, "
        f"always up {best['always_up'] * 100:.0f} %"
    )


def counted(count: int, what: str) -> str:
    """``"1 symbol"``, ``"1,000 symbols"``."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def percent(share: float, digits: int = 1) -> str:
    """A signed percentage: 0.0123 is ``"+1.2 %"``, −0.0123 is ``"−1.2 %"``, nothing is +0.0 %."""
    shown = round(share * 100, digits) + 0.0  # which takes the sign from −0.0
    return f"{shown:+.{digits}f} %".replace("-", "−")


def p_text(p_value: float, name: str = "p") -> str:
    """``"p = 0.41"``, ``"p < 0.001"``, and ``"no p"`` where there was no test."""
    if isnan(p_value):
        return f"no {name}"
    return f"{name} < 0.001" if p_value < 0.001 else f"{name} = {p_value:.2g}"
