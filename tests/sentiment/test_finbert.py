import json
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from stockanalyst.exceptions import InputError, ModelUnavailable
from stockanalyst.sentiment import finbert
from stockanalyst.sentiment.finbert import FinbertScorer

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "profit", "loss", "rose", "fell", "board"]
THEIR_ORDER = {"0": "Positive", "1": "Negative", "2": "Neutral"}
TEXTS = ["profit rose", "loss", "profit fell, fell, fell", "board"]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A BERT classifier with random weights, saved as those on the hub are."""
    for name in ("torch", "transformers"):
        pytest.importorskip(name, reason=f"{name} isn't installed (extra [finbert])")
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    torch.manual_seed(0)
    (tmp_path / "vocab.txt").write_text("\n".join(PIECES) + "\n", encoding="utf-8")
    shape = BertConfig(
        vocab_size=len(PIECES),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=24,
        initializer_range=1.0,
        id2label={int(place): label for place, label in THEIR_ORDER.items()},
        label2id={label: int(place) for place, label in THEIR_ORDER.items()},
    )
    BertForSequenceClassification(shape).save_pretrained(tmp_path)
    BertTokenizerFast(str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    return tmp_path


def test_a_folder_gives_what_its_network_says_in_our_order(tiny: Path) -> None:
    """The same weights run by hand: tokens looked up, softmax taken, columns put in order."""
    import torch
    from transformers import BertForSequenceClassification

    scores = FinbertScorer(str(tiny)).score(TEXTS[:2])
    model = BertForSequenceClassification.from_pretrained(tiny)
    for row, numbers in zip(scores.probabilities, ([2, 5, 7, 3], [2, 6, 3]), strict=True):
        with torch.no_grad():
            shares = model(torch.tensor([numbers])).logits.softmax(dim=1)[0].tolist()
        assert max(shares) > 0.45
        assert row == pytest.approx([shares[1], shares[2], shares[0]], abs=1e-5)


def test_batches_and_empty_texts(tiny: Path) -> None:
    scorer = FinbertScorer(str(tiny))
    texts = [*TEXTS, "", " \n ", "fell \ud800\x00" * 99_999] * 6
    scores = scorer.score(texts)
    assert scores.probabilities.sum(axis=1) == pytest.approx(1.0)
    assert scores.polarity[[4, 5]].tolist() == [0.0, 0.0]
    assert scores.polarity[7:11] == pytest.approx(scorer.score(TEXTS).polarity, abs=1e-5)
    assert scorer.score([]).probabilities.shape == (0, 3)


def test_labels_of_another_kind_are_refused(tiny: Path) -> None:
    description = json.loads((tiny / "config.json").read_text())
    description["id2label"] = {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}
    (tiny / "config.json").write_text(json.dumps(description))
    with pytest.raises(InputError, match="its labels are label_0, label_1, label_2; name a model"):
        FinbertScorer(str(tiny)).score(["profit"])


@pytest.fixture
def exported(tmp_path: Path, missing: Callable[[str], NoReturn]) -> Path:
    """ONNX of a network that isn't one: its logits are three embeddings of the second token."""
    try:
        from onnx import TensorProto, helper
    except ImportError:
        missing("onnx (extra [train])")
    table = np.zeros((len(PIECES), 3), np.float32)
    table[PIECES.index("profit")] = [2.0, 0.0, 1.0]
    table[PIECES.index("loss")] = [0.0, 2.0, 1.0]
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["states"]),
        helper.make_node("Gather", ["states", "place"], ["second"], axis=1),
        helper.make_node("Sub", ["second", "none"], ["logits"]),
        helper.make_node("Cast", ["token_type_ids"], ["types"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["types"], ["none"], keepdims=0),
    ]
    names = ("input_ids", "attention_mask", "token_type_ids")
    graph = helper.make_graph(
        [*nodes[:2], *nodes[3:], nodes[2]],
        "tiny",
        [helper.make_tensor_value_info(name, TensorProto.INT64, [None, None]) for name in names],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [None, 3])],
        [
            helper.make_tensor("table", TensorProto.FLOAT, table.shape, table.ravel()),
            helper.make_tensor("place", TensorProto.INT64, [], [1]),
        ],
    )
    opset = [helper.make_opsetid("", 13)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    (tmp_path / "vocab.txt").write_text("\n".join(PIECES) + "\n", encoding="utf-8")
    (tmp_path / "config.json").write_text(json.dumps({"id2label": THEIR_ORDER}))
    return tmp_path


def test_onnx_in_a_folder_needs_no_torch_and_is_put_in_order(exported: Path) -> None:
    """Logits positive, negative, neutral: (2, 0, 1) of profit, (0, 2, 1) of loss."""
    scores = FinbertScorer(str(exported)).score(["Profit rose", "loss", ""])
    e = np.e
    total = 1 + e + e**2
    assert scores.probabilities[0] == pytest.approx([1 / total, e / total, e**2 / total])
    assert scores.probabilities[1] == pytest.approx([e**2 / total, e / total, 1 / total])
    assert scores.labels.tolist() == ["positive", "negative", "neutral"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("config.json", "{"), ("config.json", "{}"), ("vocab.txt", "profit"), ("model.onnx", "x")],
)
def test_a_folder_with_a_part_of_another_kind_is_named(
    exported: Path, name: str, content: str
) -> None:
    (exported / name).write_text(content)
    with pytest.raises(ModelUnavailable, match="can't be loaded"):
        FinbertScorer(str(exported)).score(["profit"])


def test_a_name_that_is_neither_folder_nor_hub_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name a folder that is there, or a hub id"):
        FinbertScorer(str(tmp_path / "none")).score(["profit"])


def test_without_the_extra_the_mend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finbert, "find_spec", lambda _name: None)
    with pytest.raises(ModelUnavailable, match=r"pip install 'stockanalyst\[finbert\]'"):
        FinbertScorer("someone/finbert").score(["profit"])
