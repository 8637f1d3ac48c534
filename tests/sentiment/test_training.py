import numpy as np
import pytest
from sklearn.metrics import f1_score
from sklearn.metrics import log_loss as reference_log_loss

from stockanalyst.sentiment.labelled import LabelledTexts
from stockanalyst.sentiment.protocols import LABELS
from stockanalyst.sentiment.training import figures, macro_f1, model_card, report


def test_figures_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    probabilities, labels = rng.dirichlet([1, 2, 1], 500), rng.integers(0, 3, 500)
    predicted = probabilities.argmax(axis=1)
    found = figures(probabilities, labels)
    assert found["texts"] == 500
    assert found["accuracy"] == pytest.approx((predicted == labels).mean())
    assert found["macro_f1"] == round(f1_score(labels, predicted, average="macro"), 4)
    assert found["log_loss"] == round(reference_log_loss(labels, probabilities), 4)
    assert found["abstained"] == pytest.approx((probabilities.max(axis=1) < 0.45).mean())


def test_the_commonest_label_by_hand() -> None:
    """Three of four right; F1 is 6/7 for neutral and 0 for the others."""
    found = figures(np.tile([0.1, 0.8, 0.1], (4, 1)), np.array([1, 1, 1, 2]))
    assert found["commonest_label"] == {"accuracy": 0.75, "macro_f1": 0.2857}
    assert macro_f1(np.array([1, 1]), np.array([1, 1])) == pytest.approx(1 / 3)


@pytest.fixture
def labelled() -> LabelledTexts:
    parts = ["training", "test", "calibration", "test"]
    return LabelledTexts(
        texts=np.array(["a", "b", "c", "d"], object),
        labels=np.array([0, 1, 2, 2]),
        files=np.array(["one.csv", "one.csv", "two.csv", "two.csv"], object),
        parts=np.array(parts),
        digests={"one.csv": "11" * 32, "two.csv": "22" * 32},
    )


def test_the_report_tells_files_and_parts_apart(labelled: LabelledTexts) -> None:
    probabilities = np.array([[0.1, 0.8, 0.1], [0.9, 0.05, 0.05]])
    made = report(labelled, probabilities, kind="tfidf", seed=7, settings={"strength": 4.0})
    assert made["parts"] == {"test": 2, "calibration": 1, "training": 1}
    assert made["data"]["two.csv"] == {"sha256": "22" * 32, "texts": 2}
    assert made["test"]["accuracy"] == 0.5
    assert {name: row["accuracy"] for name, row in made["test_by_file"].items()} == {
        "one.csv": 1.0,
        "two.csv": 0.0,
    }
    card = model_card(made, about="What it is.")
    assert "sentiment train --data one.csv two.csv --model tfidf" in card
    assert "--seed 7" in card
    assert "| all | 2 | 0.500 / 0.333 |" in card
    assert "`" + "11" * 32 + "`" in card


def test_labels_stand_in_the_order_that_probabilities_do() -> None:
    assert LABELS == ("negative", "neutral", "positive")
