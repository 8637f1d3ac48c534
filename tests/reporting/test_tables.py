"""Tables of text of a walk-forward; the numbers are counted by hand, see walks.py."""

from stockanalyst.reporting.tables import (
    backtest_rows,
    ends,
    pooled_caption,
    pooled_rows,
    verdicts,
)
from tests.reporting.walks import BAD, GOOD, many, walked


def test_always_up_stands_beside_the_direction() -> None:
    """Prices rise at every other cutoff; ``own`` sees the side at step 1, the other at step 2."""
    rows = backtest_rows(walked({"AAA": GOOD}).skill, [0.8])
    names = list(rows.columns)
    assert names[names.index("Direction") + 1] == "Always up"
    assert rows["Direction"].tolist() == ["–", "100.0 %", "–", "0.0 %"]
    assert rows["Always up"].tolist() == ["50.0 %"] * 4
    assert rows["Skill"].tolist() == ["–", "+64.6 %", "–", "−100.0 %"]
    assert rows["q"].tolist() == ["–", "0.000", "–", "1.000"]


def test_pooled_rows_tell_the_worst_coverage() -> None:
    """Step 1: 1 − √72.5/10 over both; the random walk's intervals hold 40 of 70, at worst 30/60."""
    rows = pooled_rows(walked({"AAA": GOOD, "BBB": BAD}), [0.8])
    assert rows["Horizon"].tolist() == ["1", "1", "2", "2"]
    assert rows["Model"].tolist() == ["random walk", "own"] * 2
    assert rows["Skill"].tolist() == ["–", "+14.9 %", "–", "−100.0 %"]
    assert rows["Symbols above 0"].tolist() == ["–", "50.0 %", "–", "0.0 %"]
    assert rows["In 80 %"].tolist() == ["57.1 %", "100.0 %", "100.0 %", "100.0 %"]
    assert rows["Worst 60, 80 %"].tolist() == ["50.0 %", "100.0 %", "100.0 %", "100.0 %"]


def test_the_caption_says_what_the_scores_rest_on() -> None:
    caption = pooled_caption(walked({"AAA": GOOD}))
    assert caption.startswith("1 symbol, 70 cutoffs, 2012-11-01 to 2013-02-06. ")


def test_a_few_symbols_have_a_sentence_each() -> None:
    first, second = verdicts(walked({"AAA": GOOD, "BBB": BAD}), 1)
    assert first.startswith(
        "own beats the random walk on AAA at horizon 1: +64.6 % over 70 cutoffs"
    )
    assert second.startswith(
        "no model beats the random walk on BBB at horizon 1 (best: own, −15.1 %"
    )


def test_many_symbols_share_a_sentence() -> None:
    (said,) = verdicts(many(21, winners=2), 1)
    assert said == (
        "a model beats the random walk on 2 of 21 symbols at horizon 1 "
        "(S000: own +64.6 %, S001: own +64.6 %)"
    )
    (said,) = verdicts(many(1_000, winners=0), 1)
    assert said == "no model beats the random walk on any of 1,000 symbols at horizon 1"
    (said,) = verdicts(many(30, winners=25), 1)
    assert said.count("own +64.6 %") == 20
    assert said.endswith(", …)")


def test_ends_are_the_first_and_the_last() -> None:
    assert ends([3, 1, 2, 7, 7]) == [1, 7]
    assert ends([4]) == [4]
