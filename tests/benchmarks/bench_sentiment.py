"""How well each scorer reads labelled financial texts that it hasn't seen, and how fast.

::

    python tests/benchmarks/bench_sentiment.py --data FOLDER [--models MODEL …] [--peers PYTHON]

FOLDER holds Parquet files with columns ``text``, ``label`` and ``group``, and for some ``score`` or
``agree``; what is missing there is left out. Texts of one group are never parted. The words of the
lexicon were written in view of six groups of ten: those are left out, and so is every group that a
trained scorer has learned from.

MODEL is a folder that ``stockanalyst sentiment train`` made from files of FOLDER; PYTHON is an
interpreter that has FinVADER; without it that row is left out.
"""

import argparse
import json
import subprocess
import sys
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import f1_score
from threadpoolctl import threadpool_limits

from stockanalyst._typing import IntVector
from stockanalyst.sentiment.blend import BlendScorer
from stockanalyst.sentiment.calibration import calibration_error, unsure
from stockanalyst.sentiment.compact import CompactScorer
from stockanalyst.sentiment.labelled import read_labelled
from stockanalyst.sentiment.lexicon import FinanceLexiconScorer
from stockanalyst.sentiment.models import folder
from stockanalyst.sentiment.protocols import LABELS, Scorer, TextScores
from stockanalyst.sentiment.tfidf import TfidfScorer
from stockanalyst.sentiment.thresholds import Thresholds
from stockanalyst.sentiment.vader import THRESHOLDS, VaderScorer

PEER = Path(__file__).with_name("peers_finvader.py")


UNTRAINED = (VaderScorer, FinanceLexiconScorer)
TRAINED = (BlendScorer, TfidfScorer, CompactScorer)  # each scorer is in one of the two

SETS = {
    "PhraseBank": ("phrasebank.parquet", ""),
    "PhraseBank, all agree": ("phrasebank.parquet", "agree == 100"),
    "SEntFiN": ("sentfin.parquet", "label != 'mixed'"),
    "Twitter": ("twitter_fin_news.parquet", ""),
    "FiQA": ("fiqa2018.parquet", ""),
    "SemEval": ("semeval2017t5.parquet", ""),
    "stock tweets": ("pyfin_tweets.parquet", ""),
}
"""File, and the rows of it that count."""


@dataclass(frozen=True)
class Texts:
    """A labelled set, in two parts."""

    name: str
    developed: pd.DataFrame
    unseen: pd.DataFrame


class Majority:
    """Says of every text what most texts of its set are."""

    name = "majority class"

    def __init__(self, labels: IntVector) -> None:
        self._shares = np.bincount(labels, minlength=len(LABELS)) / labels.size

    def score(self, texts: Sequence[str]) -> TextScores:
        """See Scorer."""
        return TextScores(np.zeros(len(texts)), np.tile(self._shares, (len(texts), 1)))


class FinVader(VaderScorer):
    """FinVADER: VADER with its words, loaded once, and the best threshold of the seen part."""

    def __init__(self, words: Mapping[str, float], developed: pd.DataFrame) -> None:
        self._analyzer.lexicon.update(words)
        polarity = super().score(developed["text"].tolist()).polarity
        labels = positions(developed)
        tried = np.arange(0.02, 0.6, 0.02)
        scores = [macro_f1(labels, 1 + (polarity > at) - (polarity < -at)) for at in tried]
        at = float(tried[int(np.argmax(scores))])
        self._thresholds = Thresholds(at, THRESHOLDS.steepness, THRESHOLDS.calm)

    def score(self, texts: Sequence[str]) -> TextScores:
        """See Scorer."""
        return self._thresholds.scores(super().score(texts).polarity, np.ones(len(texts), bool))


def main() -> None:
    """Print a row for each scorer and set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--models", nargs="+", type=Path, default=[], metavar="MODEL")
    parser.add_argument("--peers", metavar="PYTHON")
    asked = parser.parse_args()
    models = [folder.SHIPPED / "blend", *asked.models]
    sets = parted(asked.data, models)
    with threadpool_limits(1):
        scorers = {made.name: made for made in (make() for make in UNTRAINED)} | opened(models)
        if asked.peers:
            seen = pd.concat([texts.developed for texts in sets])
            scorers = {"FinVADER": FinVader(finvader_words(asked.peers), seen)} | scorers
        for texts in sets:
            tell(texts, scorers)


def opened(models: Sequence[Path]) -> dict[str, Scorer]:
    """The trained scorers of folders, named by kind and folder where these differ."""
    kinds = {each.name: each for each in TRAINED}
    found: dict[str, Scorer] = {}
    for model in models:
        kind = json.loads((model / "model.json").read_bytes())["kind"]
        artifact = folder.read(model, kind=kind)
        name = kind if model.name == kind else f"{kind} ({model.name})"
        found[f"{kind} ({model})" if name in found else name] = kinds[kind].from_artifact(
            artifact, lexicon=FinanceLexiconScorer()
        )
    return found


def parted(data: Path, models: Sequence[Path]) -> list[Texts]:
    """Every set whose file is there, without the groups that any model has learned from."""
    known = sorted({file for file, _ in SETS.values()})
    tables = {file: pd.read_parquet(data / file) for file in known if (data / file).is_file()}
    if not tables:
        sys.exit(f"--data {data}: none of {', '.join(known)} is there")
    taught = set[str]().union(*(learned(data, model) for model in models))
    return [
        texts_of(name, tables[file].query(condition) if condition else tables[file], taught)
        for name, (file, condition) in SETS.items()
        if file in tables
    ]


def learned(data: Path, model: Path) -> set[str]:
    """Groups of the texts that a model was trained and calibrated on, by its report."""
    report = json.loads((model / "report.json").read_bytes())
    files = [data / name for name in report["data"]]
    for file in files:
        if not file.is_file():
            sys.exit(f"--data {data}: {file.name} isn't there, from which {model} has learned")
    labelled = read_labelled(files)
    changed = [
        name for name, row in report["data"].items() if labelled.digests[name] != row["sha256"]
    ]
    if changed:
        sys.exit(f"--data {data}: {changed[0]} isn't the file from which {model} has learned")
    texts = set(labelled.texts[labelled.parts != "test"])
    rows = pd.concat([pd.read_parquet(file, columns=["text", "group"]) for file in files])
    return set(rows.loc[rows["text"].isin(texts), "group"].map(str))


def texts_of(name: str, table: pd.DataFrame, taught: set[str]) -> Texts:
    """A set's two parts."""
    groups = table["group"].map(str)
    developed = groups.map(lambda group: zlib.crc32(group.encode()) % 10 < 6).to_numpy(bool)
    return Texts(name, table[developed], table[~developed & ~groups.isin(taught).to_numpy(bool)])


def finvader_words(python: str) -> dict[str, float]:
    """What another interpreter's FinVADER adds to VADER."""
    run = subprocess.run([python, str(PEER)], capture_output=True, text=True, check=True)
    words: dict[str, float] = json.loads(run.stdout)
    return words


def tell(texts: Texts, scorers: Mapping[str, Scorer]) -> None:
    """Print a set's rows."""
    everyone = {Majority.name: Majority(positions(texts.developed)), **scorers}
    rows = {name: measured(scorer, texts.unseen) for name, scorer in everyone.items()}
    rows[Majority.name]["texts per CPU-s"] = "–"
    table = pd.DataFrame(rows).T.to_string(float_format="{:.3f}".format, na_rep="–")
    sys.stdout.write(f"{texts.name}: {len(texts.unseen)} texts\n{table}\n\n")


def measured(scorer: Scorer, table: pd.DataFrame) -> dict[str, object]:
    """What a scorer makes of texts that it hasn't seen."""
    texts, labels = table["text"].tolist(), positions(table)
    scorer.score(texts[:20])
    started = time.process_time()
    scores = scorer.score(texts)
    seconds = max(time.process_time() - started, 1e-9)
    found = scores.probabilities.argmax(axis=1)
    return {
        "accuracy": float((found == labels).mean()),
        "macro-F1": macro_f1(labels, found),
        "r": correlation(scores, table),
        "calibration error": calibration_error(scores.probabilities, labels),
        "abstained": float(unsure(scores.probabilities).mean()),
        "texts per CPU-s": f"{len(texts) / seconds:,.0f}",
    }


def correlation(scores: TextScores, table: pd.DataFrame) -> float:
    """With the scores that people gave; NaN where there are none."""
    if "score" not in table or not scores.polarity.any():
        return float("nan")
    return float(np.corrcoef(scores.polarity, table["score"])[0, 1])


def macro_f1(labels: IntVector, found: NDArray[np.int_]) -> float:
    """Mean F1 over the labels, whether a set has all of them or not."""
    return float(f1_score(labels, found, average="macro", zero_division=0))


def positions(table: pd.DataFrame) -> IntVector:
    """Each label's position in LABELS."""
    known = table["label"].map(LABELS.index, na_action="ignore")
    return known.to_numpy(np.intp)


if __name__ == "__main__":
    main()
