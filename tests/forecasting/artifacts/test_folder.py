import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from stockanalyst.exceptions import DataError
from stockanalyst.forecasting.artifacts import folder
from stockanalyst.forecasting.artifacts.folder import FolderArtifacts
from stockanalyst.forecasting.lstm import LSTMArtifact, LSTMConfig, TrainingLosses


@pytest.fixture
def artifact() -> LSTMArtifact:
    return LSTMArtifact(
        symbols=("AAA", "BBB"),
        provider="test",
        training_cutoff=pd.Timestamp("2012-02-29"),
        config=LSTMConfig(lookback=5, dropout=0.1),
        n_windows=1234,
        losses=TrainingLosses(epochs=7, training=1 / 3, validation=0.1, random_walk=0.2),
        mean=0.1 + 0.2,
        scale=1 / 3,
        data_digest="ab" * 32,
        packages={"keras": "3.15.1", "numpy": "2.4.6"},
        network=bytes(range(256)),
    )


@pytest.fixture
def store(tmp_path: Path) -> FolderArtifacts:
    return FolderArtifacts(own=tmp_path / "own", shipped=tmp_path / "shipped")


def test_what_is_saved_is_found_as_it_was(store: FolderArtifacts, artifact: LSTMArtifact) -> None:
    path = store.save(artifact)
    assert path.parent == store.own
    assert store.find("AAA", provider="test") == [artifact]
    assert store.find("BBB", provider="test") == [artifact]


def test_folders_that_arent_there_hold_nothing(store: FolderArtifacts) -> None:
    assert store.find("AAA", provider="test") == []
    assert not store.own.exists()


@pytest.mark.parametrize(("symbol", "provider"), [("CCC", "test"), ("AAA", "yahoo"), ("A", "test")])
def test_others_are_not_found(
    store: FolderArtifacts, artifact: LSTMArtifact, symbol: str, provider: str
) -> None:
    store.save(artifact)
    assert store.find(symbol, provider=provider) == []


def test_the_newest_comes_first_from_both_folders(
    store: FolderArtifacts, artifact: LSTMArtifact
) -> None:
    days = [pd.Timestamp(day) for day in ("2011-05-02", "2012-02-29", "2010-01-04")]
    shipping = FolderArtifacts(own=store.shipped, shipped=store.own)
    for day, keeper in zip(days, (store, shipping, store), strict=True):
        keeper.save(replace(artifact, training_cutoff=day))
    found = store.find("AAA", provider="test")
    assert [each.training_cutoff for each in found] == sorted(days, reverse=True)


def test_a_pair_a_network_and_nothing_else(store: FolderArtifacts, artifact: LSTMArtifact) -> None:
    """Saved twice it is still one pair; another configuration is another, and other prices."""
    assert store.save(artifact) == store.save(artifact)
    assert len(list(store.own.iterdir())) == 2
    other = store.save(replace(artifact, config=LSTMConfig(lookback=5, dropout=0.1, seed=1)))
    names = sorted(path.name for path in store.own.iterdir())
    assert len(names) == 4
    assert {Path(name).suffix for name in names} == {".json", ".onnx"}
    assert other.with_suffix(".onnx").read_bytes() == artifact.network
    store.save(replace(artifact, data_digest="cd" * 32))
    assert len(list(store.own.iterdir())) == 6


def test_names_are_plain_whatever_the_symbol(
    store: FolderArtifacts, artifact: LSTMArtifact
) -> None:
    path = store.save(replace(artifact, symbols=("^GSPC", "EURUSD=X", *"CDEFG")))
    assert path.name.startswith("lstm-_GSPC-EURUSD_X-C-D-E-20120229-")
    assert store.find("EURUSD=X", provider="test")[0].symbols[0] == "^GSPC"


def test_an_interrupted_save_leaves_no_half(
    store: FolderArtifacts, artifact: LSTMArtifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fills up while the description is written: the network alone is never found."""
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if ".json" in path.name:
            write(path, content[:20])
            raise OSError("No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DataError, match="No space left"):
        store.save(artifact)
    assert store.find("AAA", provider="test") == []


def test_a_network_that_isnt_the_described_one(
    store: FolderArtifacts, artifact: LSTMArtifact
) -> None:
    path = store.save(artifact)
    path.with_suffix(".onnx").write_bytes(artifact.network[:-1])
    with pytest.raises(DataError, match=r"\.onnx: isn't what .* describes; delete both$"):
        store.find("AAA", provider="test")


def without(key: str) -> Callable[[dict[str, Any]], object]:
    return lambda description: {name: description[name] for name in description if name != key}


SPOILT: dict[str, Callable[[dict[str, Any]], object]] = {
    "no symbols": without("symbols"),
    "no provider": without("provider"),
    "no digest": without("network"),
    "no config": without("config"),
    "no mean": without("mean"),
    "no losses": without("losses"),
    "a loss too many": lambda description: {
        **description,
        "losses": {**description["losses"], "test": 0.1},
    },
    "a field too many": lambda description: {**description, "colour": "blue"},
    "a setting too many": lambda description: {
        **description,
        "config": {**description["config"], "colour": "blue"},
    },
    "no date": lambda description: {**description, "training_cutoff": "soon"},
    "a list": lambda description: [description],
    "a number": lambda _description: 7,
    "null": lambda _description: None,
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_description_that_describes_nothing(
    store: FolderArtifacts, artifact: LSTMArtifact, spoil: Callable[[dict[str, Any]], object]
) -> None:
    path = store.save(artifact)
    path.write_text(json.dumps(spoil(json.loads(path.read_text()))))
    with pytest.raises(DataError) as caught:
        store.find("AAA", provider="test")
    assert str(caught.value) == f"{path}: not a description of a trained model; delete it"


@pytest.mark.parametrize("version", [None, 1, 99])
def test_another_versions_format_is_left_alone(
    store: FolderArtifacts, artifact: LSTMArtifact, version: int | None
) -> None:
    """None: that of the first version, which didn't number it and knew no losses."""
    path = store.save(artifact)
    description = without("losses")(json.loads(path.read_text()))
    assert isinstance(description, dict)
    path.write_text(json.dumps({**description, "format": version}))
    assert store.find("AAA", provider="test") == []
    store.save(artifact)
    assert store.find("AAA", provider="test") == [artifact]


def test_what_ships_can_be_read() -> None:
    """Of the default settings; it forecast the later block better than no move does."""
    shipped = Path(folder.__file__).parent / "shipped"
    (network,) = FolderArtifacts(own=shipped, shipped=shipped / "none").find(
        "AAPL", provider="sample"
    )
    assert network.config == LSTMConfig()
    assert network.losses.validation is not None
    assert network.losses.random_walk is not None
    assert network.losses.validation < network.losses.random_walk
    assert len(network.network) < 50_000


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"lookback = 30"])
def test_a_description_that_is_no_json(
    store: FolderArtifacts, artifact: LSTMArtifact, content: bytes
) -> None:
    path = store.save(artifact)
    path.write_bytes(content)
    with pytest.raises(DataError, match="not a description"):
        store.find("AAA", provider="test")


def test_a_description_without_its_network(store: FolderArtifacts, artifact: LSTMArtifact) -> None:
    path = store.save(artifact)
    path.with_suffix(".onnx").unlink()
    with pytest.raises(DataError, match="not a description"):
        store.find("AAA", provider="test")
