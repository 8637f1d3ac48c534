"""Networks in folders: ``<name>.onnx`` beside ``<name>.json``, which says what it is."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from stockanalyst._typing import Json
from stockanalyst.exceptions import DataError
from stockanalyst.forecasting.lstm import LSTMArtifact, LSTMConfig, TrainingLosses

FORMAT = 2


@dataclass(frozen=True)
class FolderArtifacts:
    """An :class:`~stockanalyst.forecasting.protocols.ArtifactStore`.

    Networks that another version wrote in another format are left alone, as if they weren't there.

    Parameters
    ----------
    own : Path
        Where new networks go; made when first needed.
    shipped : Path
        Networks that came with the package; only read.
    """

    own: Path
    shipped: Path

    def find(self, symbol: str, *, provider: str) -> list[LSTMArtifact]:
        """See the protocol.

        Raises
        ------
        DataError
            A fitting description can't be read, or its network isn't the one that it describes.
        """
        found = []
        for folder in (self.own, self.shipped):
            for path in sorted(folder.glob("*.json")):
                description = _read(path)
                if _describes(description, symbol, provider):
                    found.append(_load(path, description))
        return sorted(found, key=lambda artifact: artifact.training_cutoff, reverse=True)

    def save(self, artifact: LSTMArtifact) -> Path:
        """See the protocol. The description is written last, so no half of a pair is ever found.

        Raises
        ------
        DataError
            The folder can't be written.
        """
        path = self.own / f"{_name(artifact)}.json"
        description = {"format": FORMAT, **asdict(artifact)}
        description["training_cutoff"] = f"{artifact.training_cutoff:%Y-%m-%d}"
        description["network"] = hashlib.sha256(artifact.network).hexdigest()
        try:
            self.own.mkdir(parents=True, exist_ok=True)
            _write(path.with_suffix(".onnx"), artifact.network)
            _write(path, (json.dumps(description, indent=2, sort_keys=True) + "\n").encode())
        except OSError as error:
            reason = error.strerror or error
            raise DataError(f"{self.own}: can't keep the network there ({reason})") from error
        return path


def _name(artifact: LSTMArtifact) -> str:
    """Symbols and training cutoff for a reader; a digest so that no two share a name."""
    config, prices = asdict(artifact.config), artifact.data_digest
    identity = json.dumps([artifact.symbols, artifact.provider, config, prices])
    readable = "-".join([*artifact.symbols[:5], f"{artifact.training_cutoff:%Y%m%d}"])
    short = hashlib.sha256(identity.encode()).hexdigest()[:8]
    return f"lstm-{re.sub('[^A-Za-z0-9.-]', '_', readable)}-{short}"


def _describes(description: Json, symbol: str, provider: str) -> bool:
    known = description.get("format") == FORMAT
    return known and symbol in description["symbols"] and description["provider"] == provider


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


def _read(path: Path) -> Json:
    try:
        description: Json = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise _unreadable(path) from error
    if not isinstance(description, dict) or not {"symbols", "provider"} <= description.keys():
        raise _unreadable(path)
    return description


def _unreadable(path: Path) -> DataError:
    return DataError(f"{path}: not a description of a trained model; delete it")


def _load(path: Path, description: Json) -> LSTMArtifact:
    network_path = path.with_suffix(".onnx")
    try:
        fields = {name: description[name] for name in description if name != "format"}
        network = network_path.read_bytes()
        if hashlib.sha256(network).hexdigest() != fields["network"]:
            raise DataError(f"{network_path}: isn't what {path.name} describes; delete both")
        fields["symbols"] = tuple(fields["symbols"])
        fields["training_cutoff"] = pd.Timestamp(fields["training_cutoff"])
        fields["config"] = LSTMConfig(**fields["config"])
        fields["losses"] = TrainingLosses(**fields["losses"])
        fields["network"] = network
        return LSTMArtifact(**fields)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise _unreadable(path) from error
