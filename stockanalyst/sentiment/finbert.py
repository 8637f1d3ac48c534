"""A published classifier such as FinBERT: the extra ``[finbert]``, or its ONNX in a folder."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from stockanalyst._typing import Matrix
from stockanalyst.exceptions import InputError, ModelUnavailable
from stockanalyst.sentiment.calibration import softmax, text_scores
from stockanalyst.sentiment.compact import TextNetwork
from stockanalyst.sentiment.protocols import LABELS, TextScores

_LONGEST = 256  # pieces of a text that are read
_LONGEST_TEXT = 20_000  # characters
_BATCH = 16
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_MEND = "name a model whose labels are negative, neutral and positive, such as ProsusAI/finbert"

Classifier = Callable[[Sequence[str]], Matrix]


class FinbertScorer:
    """A BERT classifier that others have trained; its probabilities are taken as they are.

    Nothing is loaded, nor asked of the hub, before the first text is scored.

    Parameters
    ----------
    model : str
        A folder, or a hub id such as ``ProsusAI/finbert``. A folder with ``model.onnx``,
        ``vocab.txt`` and ``config.json`` needs neither transformers nor torch.
    """

    name: ClassVar[str] = "finbert"

    def __init__(self, model: str) -> None:
        self._model = model

    def score(self, texts: Sequence[str]) -> TextScores:
        """See :class:`~stockanalyst.sentiment.protocols.Scorer`.

        Raises
        ------
        ModelUnavailable
            The extra isn't installed, or the model can't be loaded.
        InputError
            It is no model of these labels.
        """
        known = np.array([bool(text.strip()) for text in texts], dtype=bool)
        probabilities = np.zeros((known.size, len(LABELS)))
        if known.any():
            told = [_readable(text) for text, some in zip(texts, known, strict=True) if some]
            probabilities[known] = self._classify(told)
        return text_scores(probabilities, known)

    @cached_property
    def _classify(self) -> Classifier:
        folder = Path(self._model)
        if (folder / "model.onnx").is_file():
            return _by_onnxruntime(folder)
        if not folder.is_dir() and not _HUB_ID.fullmatch(self._model):
            raise InputError("model", self._model, "name a folder that is there, or a hub id")
        return _by_transformers(self._model)


def _readable(text: str) -> str:
    """The beginning of a text, without the half characters that tokenizers refuse."""
    return text[:_LONGEST_TEXT].encode("utf-8", "replace").decode()


def _by_onnxruntime(folder: Path) -> Classifier:
    try:
        labels = json.loads((folder / "config.json").read_bytes())["id2label"]
        vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
        content = (folder / "model.onnx").read_bytes()
        network = TextNetwork(content, vocabulary, longest=_LONGEST)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise _unavailable(str(folder), error) from error
    order = _order(str(folder), labels)
    return lambda texts: softmax(network.logits(texts)[0])[:, order]


def _by_transformers(model: str) -> Classifier:
    if any(find_spec(name) is None for name in ("transformers", "torch")):
        mend = "pip install 'stockanalyst[finbert]', or choose another scorer"
        raise ModelUnavailable("finbert", "transformers and torch aren't installed", mend)
    from transformers import pipeline

    try:
        classifier = pipeline("text-classification", model=model, device="cpu")
    except (OSError, ValueError) as error:
        raise _unavailable(model, error) from error
    order = _order(model, classifier.model.config.id2label)

    def classify(texts: Sequence[str]) -> Matrix:
        answers = classifier(
            list(texts),
            top_k=None,
            function_to_apply="softmax",
            batch_size=_BATCH,
            truncation=True,
            max_length=_LONGEST,
        )
        rows = [{each["label"]: each["score"] for each in answer} for answer in answers]
        names = [classifier.model.config.id2label[place] for place in order]
        return np.array([[row[name] for name in names] for row in rows])

    return classify


def _order(model: str, id2label: Mapping[Any, str]) -> list[int]:
    """Where the model has each of :data:`LABELS`."""
    places = {str(label).lower(): int(place) for place, label in id2label.items()}
    if places.keys() != set(LABELS):
        found = ", ".join(sorted(places))
        raise InputError("model", model, f"its labels are {found[:80]}; {_MEND}")
    return [places[label] for label in LABELS]


def _unavailable(model: str, error: Exception) -> ModelUnavailable:
    reason = str(error).partition("\n")[0][:160] or type(error).__name__
    return ModelUnavailable("finbert", f"{model} can't be loaded ({reason})", _MEND)
