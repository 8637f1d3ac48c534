"""A small fine-tuned BERT in ONNX: inference by onnxruntime, never torch or transformers."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import Matrix
from stockanalyst.sentiment.artifact import Artifact
from stockanalyst.sentiment.calibration import softmax, text_scores
from stockanalyst.sentiment.protocols import LABELS, TextScores
from stockanalyst.sentiment.wordpiece import WordPiece

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

NETWORK, VOCABULARY = "network.onnx", "vocabulary.txt"

_INPUTS, _TYPES = ("input_ids", "attention_mask"), "token_type_ids"
_BATCH = 32


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
        """Logits of shape (n, 3), and in which texts any piece is known, shape (n,)."""
        rows = [self._tokenizer.encode(text, longest=self._longest) for text in texts]
        logits = np.zeros((len(rows), len(LABELS)))
        by_length = np.argsort([len(row) for row in rows], kind="stable")
        for first in range(0, len(rows), _BATCH):
            places = by_length[first : first + _BATCH]
            logits[places] = self._run([rows[place] for place in places])
        known = [self._tokenizer.knows(row) for row in rows]
        return logits, np.array(known, dtype=bool)

    def _run(self, rows: Sequence[Sequence[int]]) -> Matrix:
        numbers, mask = padded(rows, self._tokenizer.pad)
        inputs = dict(zip(_INPUTS, (numbers, mask), strict=True))
        if _TYPES in self._inputs:
            inputs[_TYPES] = np.zeros_like(numbers)
        (logits,) = self._session.run(None, inputs)
        return np.asarray(logits, dtype=np.float64)


class CompactScorer:
    """The fine-tuned classifier that a user makes with one command.

    Parameters
    ----------
    network : TextNetwork
    temperature : float
        By which its logits are divided.
    """

    name: ClassVar[str] = "compact"

    def __init__(self, network: TextNetwork, *, temperature: float) -> None:
        self._network = network
        self._temperature = temperature

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The scorer that was trained.

        Raises
        ------
        DataError
            A part of it is missing.
        """
        vocabulary = artifact.file(VOCABULARY).decode("utf-8", "replace").split("\n")
        longest, temperature = int(artifact.number("longest")), artifact.number("temperature")
        try:
            network = TextNetwork(artifact.file(NETWORK), vocabulary, longest=longest)
        except ValueError as error:
            raise artifact.fault(str(error)) from error
        return cls(network, temperature=temperature)

    def score(self, texts: Sequence[str]) -> TextScores:
        """See :class:`~stockanalyst.sentiment.protocols.Scorer`."""
        logits, known = self._network.logits(texts)
        return text_scores(softmax(logits, temperature=self._temperature), known)


def _opened(network: bytes) -> "InferenceSession":
    import onnxruntime as ort
    from onnxruntime.capi import onnxruntime_pybind11_state as faults

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1  # a batch is small; parallel work is the caller's choice
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


def padded(rows: Sequence[Sequence[int]], pad: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of different lengths as one array, and 1 where it holds them, 0 where padding."""
    lengths = np.array([len(row) for row in rows])
    mask = np.arange(lengths.max()) < lengths[:, None]
    numbers = np.full(mask.shape, pad, dtype=np.int64)
    numbers[mask] = np.concatenate(rows)
    return numbers, mask.astype(np.int64)


def quantised(network: bytes) -> bytes:
    """A network with 8-bit weights: a quarter of the size, twice the speed.

    They keep to 7 bits, because processors without VNNI overflow on 8.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        source.write_bytes(network)
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
