from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import erf

from stockanalyst._typing import Matrix
from stockanalyst.exceptions import DataError
from stockanalyst.sentiment.artifact import Artifact
from stockanalyst.sentiment.compact import (
    NETWORK,
    VOCABULARY,
    CompactScorer,
    TextNetwork,
    quantised,
)
from stockanalyst.sentiment.compact_blocks import blocks_of
from stockanalyst.sentiment.compact_graph import ATTENTION_BIAS, Shape, network
from stockanalyst.sentiment.protocols import TextScores
from stockanalyst.sentiment.tfidf import WEIGHTS, LinearModel
from stockanalyst.sentiment.tfidf_training import packed_model

Weights = Mapping[str, NDArray[np.float32]]

WORDS = ("profit", "loss", "fell", "rose", "and", "the", "a", "of", "widely")
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS]
SHAPE = Shape(layers=2, heads=2, epsilon=1e-6)
WIDTH, INNER, POSITIONS = 8, 12, 16
NO_WORD = LinearModel(np.array([7], np.uint32), np.ones(1), np.zeros((1, 3)), np.zeros(3))
TEXTS = ["profit fell", "", "the loss of a profit and a loss rose widely", "rose", "xyz"]
BLOCKS = pytest.mark.parametrize("blocks", [False, True], ids=["whole", "blocks"])


class Silent:
    """A lexicon that says nothing."""

    name = "silent"

    def score(self, texts: Sequence[str]) -> TextScores:
        return TextScores(np.zeros(len(texts)), np.full((len(texts), 3), 1 / 3))


@pytest.fixture(scope="module", autouse=True)
def onnx(missing: Callable[[str], NoReturn]) -> None:
    try:
        import onnx  # noqa: F401
    except ImportError:
        missing("onnx (extra [train])")


@pytest.fixture(scope="module")
def weights() -> Weights:
    rng = np.random.default_rng(4)
    sizes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(PIECES), WIDTH),
        "embeddings.position_embeddings.weight": (POSITIONS, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        **_layer_sizes("embeddings.LayerNorm", WIDTH),
        **_layer_sizes("classifier", 3, WIDTH),
    }
    for layer in (f"encoder.layer.{number}" for number in range(SHAPE.layers)):
        for part in ("query", "key", "value"):
            sizes |= _layer_sizes(f"{layer}.attention.self.{part}", WIDTH, WIDTH)
        sizes |= _layer_sizes(f"{layer}.attention.output.dense", WIDTH, WIDTH)
        sizes |= _layer_sizes(f"{layer}.attention.output.LayerNorm", WIDTH)
        sizes |= _layer_sizes(f"{layer}.intermediate.dense", INNER, WIDTH)
        sizes |= _layer_sizes(f"{layer}.output.dense", WIDTH, INNER)
        sizes |= _layer_sizes(f"{layer}.output.LayerNorm", WIDTH)
    return {name: rng.normal(0, 0.6, size).astype(np.float32) for name, size in sizes.items()}


def _layer_sizes(name: str, *size: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": size, f"{name}.bias": size[:1]}


def bert(weights: Weights, numbers: list[int]) -> Matrix:
    """Logits of one text by the published equations of ENCODER, a matrix at a time.

    An MPNet's attention also gets a number for each head and each two places.
    """

    def dense(name: str, value: Matrix) -> Matrix:
        product: Matrix = value @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
        return product

    def normal(name: str, value: Matrix) -> Matrix:
        centred = value - value.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + SHAPE.epsilon)
        shifted: Matrix = scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]
        return shifted

    tokens = weights["embeddings.word_embeddings.weight"][numbers].astype(np.float64)
    tokens += weights["embeddings.position_embeddings.weight"][: len(numbers)]
    tokens += weights["embeddings.token_type_embeddings.weight"][0]
    state = normal("embeddings.LayerNorm", tokens)
    for number in range(SHAPE.layers):
        layer = f"encoder.layer.{number}"
        parts = [dense(f"{layer}.attention.self.{p}", state) for p in ("query", "key", "value")]
        heads = []
        split = zip(*(np.split(p, SHAPE.heads, 1) for p in parts), strict=True)
        for head, (query, key, value) in enumerate(split):
            scores = query @ key.T / np.sqrt(query.shape[1])
            if ATTENTION_BIAS in weights:
                scores += weights[ATTENTION_BIAS][0, head, : len(scores), : len(scores)]
            shares = np.exp(scores)
            heads.append(shares / shares.sum(axis=1, keepdims=True) @ value)
        attended = dense(f"{layer}.attention.output.dense", np.concatenate(heads, axis=1))
        middle = normal(f"{layer}.attention.output.LayerNorm", attended + state)
        wide = dense(f"{layer}.intermediate.dense", middle)
        bent: Matrix = wide * (1 + erf(wide / np.sqrt(2))) / 2
        state = normal(f"{layer}.output.LayerNorm", dense(f"{layer}.output.dense", bent) + middle)
    logits: Matrix = dense("classifier", state.mean(axis=0, keepdims=True))[0]
    return logits


@pytest.fixture(scope="module")
def float_network(weights: Weights) -> TextNetwork:
    return TextNetwork(network(weights, SHAPE), PIECES, longest=10)


def artifact(
    tensors: Weights, changed: Mapping[str, object] = {}, *, blocks: bool = False
) -> Artifact:
    files = {
        NETWORK: quantised(network(tensors, SHAPE), blocks=blocks),
        VOCABULARY: "\n".join(PIECES).encode(),
        WEIGHTS: packed_model(NO_WORD),
    }
    weights = {"network": 2.0, "words": 1.0, "lexicon": 1.0}
    return Artifact("compact", {"longest": 10, "weights": weights, **changed}, files)


def test_the_graph_computes_what_bert_is(weights: Weights, float_network: TextNetwork) -> None:
    """Each text alone, by numpy, must give what the network gives for the padded batch."""
    logits, known = float_network.logits(TEXTS)
    place = {piece: number for number, piece in enumerate(PIECES)}
    for text, row in zip(TEXTS, logits, strict=True):
        inner = [place.get(word, place["[UNK]"]) for word in text.split()][:8]
        assert row == pytest.approx(bert(weights, [2, *inner, 3]), abs=1e-4)
    assert known.tolist() == [True, False, True, True, False]


def test_the_graph_adds_what_attention_gets_for_each_two_places(weights: Weights) -> None:
    bias = np.random.default_rng(5).normal(0, 2, (1, SHAPE.heads, 10, 10)).astype(np.float32)
    biased = {**weights, ATTENTION_BIAS: bias}
    logits, _ = TextNetwork(network(biased, SHAPE), PIECES, longest=10).logits(["profit fell"])
    numbers = [2, PIECES.index("profit"), PIECES.index("fell"), 3]
    assert logits[0] == pytest.approx(bert(biased, numbers), abs=1e-4)
    assert logits[0] != pytest.approx(bert(weights, numbers), abs=1e-2)


@BLOCKS
def test_a_score_doesnt_depend_on_the_texts_beside_it(weights: Weights, blocks: bool) -> None:
    scorer = CompactScorer.from_artifact(artifact(weights, blocks=blocks), lexicon=Silent())
    alone = [scorer.score([text]).polarity[0] for text in TEXTS]
    assert scorer.score(TEXTS * 9).polarity.tolist() == alone * 9
    assert scorer.score([]).probabilities.shape == (0, 3)


def test_each_feed_forward_is_closed_by_a_product_of_blocks(weights: Weights) -> None:
    import onnx

    graph = onnx.load_from_string(quantised(network(weights, SHAPE), blocks=True)).graph
    products = [node for node in graph.node if node.op_type == "MatMulNBits"]
    assert len(products) == SHAPE.layers
    held = {each.name for each in graph.initializer}
    assert not any(f"layer.{n}.output.dense.matrix" in held for n in range(SHAPE.layers))


@BLOCKS
def test_quantised_is_nearly_the_same(
    weights: Weights, float_network: TextNetwork, blocks: bool
) -> None:
    made = artifact(weights, blocks=blocks)
    scores = CompactScorer.from_artifact(made, lexicon=Silent()).score(TEXTS)
    logits, _ = float_network.logits(TEXTS)
    exponentials = np.exp(2.0 * logits)
    expected = exponentials / exponentials.sum(axis=1, keepdims=True)
    sure = expected.max(axis=1) > 0.5
    sure[[1, 4]] = False
    assert sure.any()
    assert scores.probabilities[sure] == pytest.approx(expected[sure], abs=0.1)
    assert scores.labels[[1, 4]].tolist() == ["neutral", "neutral"]
    assert scores.polarity[[1, 4]].tolist() == [0.0, 0.0]


def test_a_large_input_doesnt_spoil_the_precision_of_other_blocks() -> None:
    rng = np.random.default_rng(6)
    matrix = rng.normal(0, 1, (300, 3)).astype(np.float32)
    matrix[5] = 1000.0
    matrix[256:, 1] = 0.0
    numbers, scales = blocks_of(matrix)
    assert (numbers.shape, scales.shape) == ((3, 2, 256), (3, 2))
    back = ((numbers.astype(float) - 128) * scales[..., None]).reshape(3, -1)[:, :300].T
    assert back[5] == pytest.approx(np.full(3, 1000.0), rel=1e-6)
    assert np.abs(back - matrix)[:256].max() <= 1000 / 127 / 2 + 1e-3
    assert np.abs(back - matrix)[256:].max() <= np.abs(matrix[256:]).max() / 127 / 2 + 1e-6
    assert (numbers[:, 1, 44:] == 128).all()  # no input is there


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ({"longest": "64"}, "longest as a positive number"),
        ({"weights": {"network": 1, "words": 0}}, r"weights\.words as a positive number"),
        ({"weights": {"network": 1, "words": 1}}, r"weights\.lexicon as a positive number"),
        ({"weights": []}, r"weights\.network as a positive number"),
    ],
)
def test_settings_that_arent_there_are_named(
    weights: Weights, broken: Mapping[str, object], problem: str
) -> None:
    with pytest.raises(DataError, match=problem):
        CompactScorer.from_artifact(artifact(weights, broken), lexicon=Silent())


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        (VOCABULARY, b"a\nb", r"the vocabulary has no \[PAD\]"),
        (NETWORK, b"something else", "onnxruntime can't open it"),
        (WEIGHTS, b"something else", "weights.npz doesn't hold arrays"),
    ],
)
def test_a_file_that_holds_something_else_is_refused(
    weights: Weights, name: str, content: bytes, problem: str
) -> None:
    whole = artifact(weights)
    spoilt = Artifact(whole.kind, whole.settings, {**whole.files, name: content}, "/models/mine")
    with pytest.raises(DataError, match=rf"^/models/mine: {problem}"):
        CompactScorer.from_artifact(spoilt, lexicon=Silent())
