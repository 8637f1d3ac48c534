"""What every training of a scorer ends in: the trained scorer, its report, its model card."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from stockanalyst._typing import IntVector, Json, Matrix
from stockanalyst.sentiment.artifact import Artifact
from stockanalyst.sentiment.calibration import calibration_error, log_loss, unsure
from stockanalyst.sentiment.labelled import PARTS, LabelledTexts
from stockanalyst.sentiment.mixture import LogitModel, Mixture, fit_mixture, heard_of
from stockanalyst.sentiment.protocols import LABELS, Scorer

_LIMITS = """\
English headlines, posts and single sentences; a longer text is cut. One score a text, whomever it
is about. Texts of another kind score worse than these figures say. It says nothing about what a
price will do."""


@dataclass(frozen=True)
class Trained:
    """A trained scorer with what must be known of it.

    Attributes
    ----------
    artifact : Artifact
    report : dict
        How it did on the test part, and what it was trained on.
    card : str
        The model card, in Markdown.
    """

    artifact: Artifact
    report: Json
    card: str


def mixture_for(
    labelled: LabelledTexts, models: Mapping[str, LogitModel], lexicon: Scorer
) -> Mixture:
    """The mixture that fits the calibration part best, on which no model was trained."""
    texts, labels = labelled.of("calibration")
    voices, _ = heard_of(texts, models, lexicon)
    return fit_mixture(voices, labels, labelled.files[labelled.parts == "calibration"])


def report(
    labelled: LabelledTexts, probabilities: Matrix, *, kind: str, seed: int, settings: Json
) -> Json:
    """How a scorer did on the test part, overall and by file.

    Parameters
    ----------
    labelled : LabelledTexts
    probabilities : ndarray of shape (n, 3)
        Of the texts of the test part.
    kind, seed, settings
        Of the training.
    """
    rows = labelled.parts == "test"
    labels, files = labelled.labels[rows], labelled.files[rows]
    return {
        "kind": kind,
        "seed": seed,
        "settings": settings,
        "data": {
            name: {"sha256": digest, "texts": int((labelled.files == name).sum())}
            for name, digest in labelled.digests.items()
        },
        "repeats": {
            "duplicates": labelled.duplicates,
            "contradicting": labelled.contradicting,
        },
        "parts": {part: int((labelled.parts == part).sum()) for part in PARTS},
        "test": figures(probabilities, labels),
        "test_by_file": {
            name: figures(probabilities[files == name], labels[files == name])
            for name in labelled.digests
            if (files == name).any()
        },
    }


def figures(probabilities: Matrix, labels: IntVector) -> Json:
    """Accuracy and macro-F1 beside those of the commonest label; calibration; abstentions.

    Parameters
    ----------
    probabilities : ndarray of shape (n, 3)
    labels : ndarray of shape (n,)
        Positions in :data:`LABELS`.
    """
    commonest = np.full(labels.size, np.bincount(labels).argmax())
    return {
        "texts": int(labels.size),
        **_agreement(probabilities.argmax(axis=1), labels),
        "commonest_label": _agreement(commonest, labels),
        "log_loss": round(log_loss(probabilities, labels), 4),
        "calibration_error": round(calibration_error(probabilities, labels), 4),
        "abstained": round(float(unsure(probabilities).mean()), 4),
    }


def macro_f1(predicted: IntVector, labels: IntVector) -> float:
    """Mean F1 of the three labels; one that neither side has counts as 0."""
    counts = np.zeros((len(LABELS), len(LABELS)))
    np.add.at(counts, (labels, predicted), 1)
    sums = counts.sum(axis=0) + counts.sum(axis=1)
    f1 = np.divide(2 * np.diag(counts), sums, out=np.zeros(len(LABELS)), where=sums > 0)
    return float(f1.mean())


def model_card(report: Json, *, about: str, options: str = "") -> str:
    """A model card in Markdown.

    Parameters
    ----------
    report : dict
        Of :func:`report`.
    about : str
        What it is and how it works, a paragraph.
    options : str
        Of the command that makes it, beside those that each has.
    """
    kind, parts, repeats = report["kind"], report["parts"], report["repeats"]
    data = {name: row["sha256"] for name, row in report["data"].items()}
    base = report["settings"].get("base")
    whose = (
        "licences of the texts and of the base decide" if base else "licence of the texts decides"
    )
    digests = {**data, **({f"base: {base['name']}": base["sha256"]} if base else {})}
    tests = {"all": report["test"], **report["test_by_file"]}
    columns = ("texts of", "texts", "accuracy / macro-F1", "commonest label", "calibration error")
    lines = [
        f"# `{kind}`: sentiment of financial text\n",
        f"{about}\n\n## Training\n",
        f"    stockanalyst sentiment train --data {' '.join(data)} --model {kind} \\",
        f"        --seed {report['seed']}{options} --output FOLDER\n",
        f"{parts['training']} texts; {parts['calibration']} more to calibrate it.",
        f"Rows left out, because they stood there already: {repeats['duplicates']}; texts with two",
        f"labels, kept with both: {repeats['contradicting']}.",
        f"The {whose} who may use the model and pass it on.\n",
        *_table(("file", "SHA-256"), [(name, f"`{digest}`") for name, digest in digests.items()]),
        "\n## Measured\n",
        f"On {parts['test']} texts held back for it, with all near-duplicates of them.\n",
        *_table((*columns, "abstained"), [_row(name, each) for name, each in tests.items()]),
        f"\n## Limits\n\n{_LIMITS}\n",
    ]
    return "\n".join(lines)


def _agreement(predicted: IntVector, labels: IntVector) -> Json:
    return {
        "accuracy": round(float((predicted == labels).mean()), 4),
        "macro_f1": round(macro_f1(predicted, labels), 4),
    }


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    return ["| " + " | ".join(row) + " |" for row in [header, ("---",) * len(header), *rows]]


def _row(name: str, row: Json) -> tuple[str, ...]:
    own, commonest = (
        f"{each['accuracy']:.3f} / {each['macro_f1']:.3f}" for each in (row, row["commonest_label"])
    )
    error, abstained = f"{row['calibration_error']:.3f}", f"{row['abstained']:.3f}"
    return name, str(row["texts"]), own, commonest, error, abstained
