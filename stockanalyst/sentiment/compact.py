"""A fine-tuned text encoder in ONNX beside a linear model; neither torch nor transformers."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import Matrix
from stockanalyst.sentiment.artifact import Artifact
from stockanalyst.sentiment.compact_blocks import in_blocks
from stockanalyst.sentiment.mixture import LogitModel, MixedScorer, Mixture
from stockanalyst.sentiment.protocols import LABELS, Scorer
from stockanalyst.sentiment.tfidf import WORDS, LinearModel
from stockanalyst.sentiment.wordpiece import WordPiece

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

NETWORK, VOCABULARY, ENCODER = "network.onnx", "vocabulary.txt", "network"

_INPUTS, _TYPES = ("input_ids", "attention_mask"), "token_type_ids"


class TextNetwork:
    """An ONNX classifier of texts.

    Parameters
    ----------
    network : bytes
        ONNX: int64 ``input_ids`` and ``attention_mask`` of shape (n, length) in, and zeros for any
        ``token_type_ids``; logits of shape (n, 3) out.
    vocabulary : sequence of str
        Of its WordPiece tokenizer.
    longest : int
        Pieces of a text that it reads, the two special ones included.

    Raises
    ------
    ValueError
        onnxruntime can't open it, it has other inputs, or the vocabulary isn't one.
    """

    def __init__(self, network: bytes, vocabulary: Sequence[str], *, longest: int) -> None:
        self._tokenizer = WordPiece(vocabulary)
        self._longest = longest
        self._session = _opened(network)
        self._inputs = {each.name for each in self._session.get_inputs()}
        if not {*_INPUTS} <= self._inputs <= {*_INPUTS, _TYPES}:
            raise ValueError(f"its inputs are {', '.join(sorted(self._inputs))}")

    def logits(self, texts: Sequence[str]) -> tuple[Matrix, NDArray[np.bool_]]:
        """Logits of shape (n, 3), and in which texts any piece is known, shape (n,).

        Texts are run one by one. In a batch, 8-bit inputs share their scale, so that a text's score
        would depend on the company it keeps; they would be a tenth to a half faster.
        """
        rows = [self._tokenizer.encode(text, longest=self._longest) for text in texts]
        logits = np.zeros((len(rows), len(LABELS)))
        for place, row in enumerate(rows):
            logits[place] = self._run(np.array([row], dtype=np.int64))
        known = [self._tokenizer.knows(row) for row in rows]
        return logits, np.array(known, dtype=bool)

    def _run(self, numbers: NDArray[np.int64]) -> Matrix:
        inputs = dict(zip(_INPUTS, (numbers, np.ones_like(numbers)), strict=True))
        if _TYPES in self._inputs:
            inputs[_TYPES] = np.zeros_like(numbers)
        (logits,) = self._session.run(None, inputs)
        return np.asarray(logits, dtype=np.float64)


class CompactScorer(MixedScorer):
    """The fine-tuned network that a user makes with one command, and a linear model of words."""

    name: ClassVar[str] = "compact"

    @classmethod
    def from_artifact(cls, artifact: Artifact, *, lexicon: Scorer) -> Self:
        """The scorer that was trained, with a lexicon.

        Raises
        ------
        DataError
            A part of it is missing.
        """
        vocabulary = artifact.file(VOCABULARY).decode("utf-8", "replace").split("\n")
        longest = int(artifact.number("longest"))
        try:
            network = TextNetwork(artifact.file(NETWORK), vocabulary, longest=longest)
        except ValueError as error:
            raise artifact.fault(str(error)) from error
        models: Mapping[str, LogitModel] = {
            ENCODER: network,
            WORDS: LinearModel.from_artifact(artifact),
        }
        mixture = Mixture.from_artifact(artifact, list(models))
        return cls(models, lexicon=lexicon, mixture=mixture)


def _opened(network: bytes) -> "InferenceSession":
    import onnxruntime as ort
    from onnxruntime.capi import onnxruntime_pybind11_state as faults

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1  # a text is small; parallel work is the caller's choice
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    except (
        faults.Fail,
        faults.InvalidGraph,
        faults.InvalidProtobuf,
        faults.NotImplemented,
    ) as error:
        raise ValueError(f"onnxruntime can't open it: {error}".partition("\n")[0]) from error


def quantised(network: bytes, *, blocks: bool) -> bytes:
    """A network with 8-bit weights: a quarter of the size, twice the speed.

    They keep to 7 bits, because processors without VNNI overflow on 8; those of the products by
    blocks needn't.

    Parameters
    ----------
    network : bytes
        Of :func:`stockanalyst.sentiment.compact_graph.network`.
    blocks : bool
        Whether it has outliers, see :mod:`stockanalyst.sentiment.compact_blocks`; a tenth slower.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        source.write_bytes(in_blocks(network) if blocks else network)
        options = {"DefaultTensorType": 1}  # float32: shapes are unknown behind a fused operator
        quantize_dynamic(
            source,
            target,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            extra_options=options,
        )
        return target.read_bytes()
