"""Scorers of text by name, and their training."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path

from stockanalyst.exceptions import InputError, check_choice
from stockanalyst.infra.settings import SentimentSettings
from stockanalyst.sentiment import blend_training, compact_training, tfidf_training
from stockanalyst.sentiment.blend import BlendScorer
from stockanalyst.sentiment.compact import CompactScorer
from stockanalyst.sentiment.finbert import FinbertScorer
from stockanalyst.sentiment.labelled import read_labelled
from stockanalyst.sentiment.lexicon import FinanceLexiconScorer
from stockanalyst.sentiment.lexicons.user_file import read_lexicon
from stockanalyst.sentiment.models import folder
from stockanalyst.sentiment.protocols import Scorer
from stockanalyst.sentiment.tfidf import TfidfScorer
from stockanalyst.sentiment.training import Trained
from stockanalyst.sentiment.vader import VaderScorer
from stockanalyst.services.protocols import Progress

_TRAINING = "Training"
_TRAINERS: Mapping[str, Callable[..., Trained]] = {
    "tfidf": tfidf_training.train,
    "blend": blend_training.train,
    "compact": compact_training.train,
}
_VARIABLES: Mapping[str, str] = {
    "sector": "STOCKANALYST_SENTIMENT__SECTORS",
    "phrases": "STOCKANALYST_SENTIMENT__PHRASES",
    "words": "STOCKANALYST_SENTIMENT__LEXICON",
    "lexicon": "STOCKANALYST_SENTIMENT__LEXICON",
}


def scorers(settings: SentimentSettings) -> Callable[[str | None], Scorer]:
    """Gives the scorer of a name, made once; None is the settings' own.

    Raises
    ------
    InputError
        The settings name none that there is.
    """
    lexicon = partial(_lexicon, settings)
    makers: Mapping[str, Callable[[], Scorer]] = {
        "blend": lambda: BlendScorer.from_artifact(
            folder.read(_blend(settings), kind="blend"), lexicon=lexicon()
        ),
        "vader": VaderScorer,
        "finance-lexicon": lexicon,
        "tfidf": lambda: TfidfScorer.from_artifact(
            folder.read(_own("tfidf"), kind="tfidf"), lexicon=lexicon()
        ),
        "compact": lambda: CompactScorer.from_artifact(
            folder.read(_own("compact"), kind="compact"), lexicon=lexicon()
        ),
        "finbert": lambda: FinbertScorer(_model("finbert")),
    }

    def _model(name: str) -> str:
        if settings.model is None:
            mend = "needs a model; set STOCKANALYST_SENTIMENT__MODEL to its folder"
            raise InputError("scorer", name, mend)
        return settings.model

    def _own(name: str) -> Path:
        return Path(_model(name)).expanduser()

    @cache
    def scorer(name: str) -> Scorer:
        check_choice("scorer", name, makers)
        return makers[name]()

    usual = settings.scorer or "blend"
    check_choice("STOCKANALYST_SENTIMENT__SCORER", usual, makers)
    return lambda name: scorer(usual if name is None else name)


def _lexicon(settings: SentimentSettings) -> FinanceLexiconScorer:
    """That of the settings; what it refuses is told by the variable that held it."""
    try:
        return FinanceLexiconScorer(
            phrases=settings.phrases,
            words=read_lexicon(settings.lexicon) if settings.lexicon else {},
            sectors=settings.sectors,
        )
    except InputError as error:
        variable = _VARIABLES.get(error.parameter, error.parameter)
        raise InputError(variable, error.value, error.mend) from error


def _blend(settings: SentimentSettings) -> Path:
    """The one that the package ships, unless settings name the scorer and a model of it."""
    own = settings.model if settings.scorer == "blend" else None
    return folder.SHIPPED / "blend" if own is None else Path(own).expanduser()


def _trainer(model: str, base: Path | None) -> Callable[..., Trained]:
    check_choice("model", model, _TRAINERS)
    train = _TRAINERS[model]
    if model == "compact":
        return partial(train, base=compact_training.base_network(base))
    if base is not None:
        raise InputError("base", str(base), "only compact starts from one; add --model compact")
    return train


def train_scorer(
    model: str,
    data: Sequence[Path],
    output: Path,
    *,
    base: Path | None = None,
    seed: object,
    progress: Progress,
) -> str:
    """Train a scorer on labelled files, and keep it in a folder.

    Parameters
    ----------
    model : str
        ``tfidf`` or ``blend``, in seconds, or ``compact``, in minutes that its base decides.
    data : sequence of Path
        See :func:`stockanalyst.sentiment.labelled.read_labelled`.
    output : Path
    base : Path, optional
        Folder of the network that ``compact`` starts from; None for the one that its extra brings.
    seed : int
    progress : Progress

    Returns
    -------
    str
        Its model card.

    Raises
    ------
    InputError
        A name, a seed, a file or a base that can't be used.
    ModelUnavailable
        What its training needs isn't there; nothing is read or written.
    DataError
        The folder can't be written.
    """
    train = _trainer(model, base)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise InputError("seed", seed, "give a whole number from 0 to 4294967295")
    labelled = read_labelled(data)
    folder.prepare(output)

    def tell(share: float) -> None:
        progress(_TRAINING, share)

    trained = train(labelled, lexicon=FinanceLexiconScorer(), seed=seed, progress=tell)
    folder.write(output, trained)
    return trained.card
