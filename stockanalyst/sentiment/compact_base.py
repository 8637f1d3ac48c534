"""What the training of the compact scorer starts from: a BERT or an MPNet in a folder."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import Json
from stockanalyst.exceptions import InputError
from stockanalyst.sentiment.compact_graph import ATTENTION_BIAS
from stockanalyst.sentiment.wordpiece import WordPiece

CONFIG, TENSORS, _VOCABULARY = "config.json", "model.safetensors", "vocab.txt"
KINDS: Mapping[str, str] = {"bert": "Bert", "mpnet": "MPNet"}
"""What a network can be, and what the classes of transformers call it."""

_PART = re.compile(r"(?<=\.attention\.)(attn\.[qkvo]|LayerNorm)\b")
_AS_BERT = {
    "attn.q": "self.query",
    "attn.k": "self.key",
    "attn.v": "self.value",
    "attn.o": "output.dense",
    "LayerNorm": "output.LayerNorm",
}
_TYPES = "embeddings.token_type_embeddings.weight"
_POSITIONS = "embeddings.position_embeddings.weight"
_FIRST_POSITION = 2  # of a text's first piece; padding has one of its own before it


@dataclass(frozen=True)
class Base:
    """A network that can be trained on, and its vocabulary.

    Attributes
    ----------
    folder : Path
        With ``config.json``, ``model.safetensors`` and ``vocab.txt``.
    kind : str
        ``bert`` or ``mpnet``.
    width : int
        Of its layers.
    vocabulary : sequence of str
        Its pieces, by number.
    """

    folder: Path
    kind: str
    width: int
    vocabulary: Sequence[str]

    @classmethod
    def read(cls, folder: Path, *, longest: int) -> Self:
        """The network of a folder; its weights stay there.

        Parameters
        ----------
        folder : Path
        longest : int
            Pieces of the longest text that it is to read.

        Raises
        ------
        InputError
            The folder holds no such network.
        """
        if not folder.is_dir():
            raise unfit(folder, "there is no such folder")
        try:
            told = json.loads((folder / CONFIG).read_bytes())
            pieces = (folder / _VOCABULARY).read_text(encoding="utf-8").rstrip("\n").split("\n")
        except (OSError, ValueError) as error:
            raise unfit(folder, f"{CONFIG} or {_VOCABULARY} can't be read") from error
        told = told if isinstance(told, dict) else {}
        if not _describes_ours(told):
            raise unfit(folder, f"{CONFIG} describes another network")
        kind, width = told["model_type"], told["hidden_size"]
        if _room(told) < longest:
            raise unfit(folder, f"it has no room for {longest} pieces of a text")
        if len(pieces) != told.get("vocab_size"):
            raise unfit(folder, f"{_VOCABULARY} isn't as long as {CONFIG} says")
        if problem := _problem(kind, pieces):
            raise unfit(folder, f"{_VOCABULARY} {problem}")
        if not _holds_tensors(folder / TENSORS):
            raise unfit(folder, f"{TENSORS} isn't there or can't be read")
        return cls(folder, kind, width, pieces)

    def digest(self) -> str:
        """SHA-256 of its weights."""
        with (self.folder / TENSORS).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def unfit(folder: Path, reason: str) -> InputError:
    """The error of a folder that holds no such network."""
    mend = f"{reason}; name a folder with a BERT or an MPNet without capitals"
    return InputError("base", str(folder), mend)


def _describes_ours(told: Json) -> bool:
    """Whether it is a BERT or an MPNet by the usual equations, which the graph has."""
    width, heads = told.get("hidden_size"), told.get("num_attention_heads")
    return (
        told.get("model_type") in KINDS
        and told.get("hidden_act") == "gelu"
        and not told.get("is_decoder")
        and told.get("position_embedding_type", "absolute") == "absolute"
        and isinstance(width, int)
        and isinstance(heads, int)
        and heads > 0 == width % heads
    )


def _room(told: Json) -> int:
    """Pieces of the longest text that there are positions for."""
    positions = told.get("max_position_embeddings")
    before = _FIRST_POSITION if told["model_type"] == "mpnet" else 0
    return positions - before if isinstance(positions, int) else 0


def _problem(kind: str, pieces: Sequence[str]) -> str:
    """What is wrong with a vocabulary; nothing where it will do."""
    try:
        tokenizer = WordPiece(pieces)
    except ValueError as error:
        return f"can't be used: {error}"
    if kind == "mpnet" and tokenizer.pad != 1:
        return "isn't an MPNet's: its second piece isn't <pad>"
    capitals = any(piece.isalpha() and piece != piece.lower() for piece in pieces)
    return "has capitals" if capitals else ""


def _holds_tensors(path: Path) -> bool:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as tensors:
            return bool(tensors.keys())
    except (OSError, SafetensorError):
        return False


def bert_of_mpnet(
    weights: Mapping[str, NDArray[np.float32]], bias: NDArray[np.float32]
) -> dict[str, NDArray[np.float32]]:
    """An MPNet's weights by the names of a BERT's, as the graph wants them.

    Parameters
    ----------
    weights : mapping of str to ndarray
        By the names that transformers gives them.
    bias : ndarray of shape (1, heads, longest, longest)
        What its attention adds by how far apart two pieces are.
    """
    named = {
        _PART.sub(lambda part: _AS_BERT[part[0]], name): value for name, value in weights.items()
    }
    named[_POSITIONS] = named[_POSITIONS][_FIRST_POSITION:]
    named[_TYPES] = np.zeros((1, named[_POSITIONS].shape[1]), np.float32)
    return {**named, ATTENTION_BIAS: bias}
