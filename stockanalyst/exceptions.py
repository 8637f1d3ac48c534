"""Every error that the package raises on purpose.

::

    StockAnalystError
    ├── InputError (ValueError)        what the caller asked for can't be answered
    │   ├── InvalidSymbol
    │   ├── InvalidHorizon
    │   ├── InvalidCutoff
    │   ├── InvalidSetting
    │   └── InsufficientHistory
    ├── DataError                      what a provider or a file gave can't be trusted
    │   └── FrameSchema (ValueError)
    ├── SourceError                    a vendor didn't answer; `retryable` says if waiting helps
    │   ├── RateLimited
    │   ├── SourceTimeout
    │   ├── PayloadError
    │   ├── SourceRefused
    │   └── MissingCredential
    ├── ModelUnavailable               a model can't take part; `mend` says what to do
    ├── LedgerError                    a journal refuses an entry; nothing was written
    │   ├── InsufficientFunds
    │   ├── InsufficientUnits
    │   ├── Conflict
    │   └── BrokenJournal
    └── ReportError                    a cell of a report's notebook failed

Each message is one line that names the parameter, the value and the mend. Each class keeps the
objects that it was made of.
"""

from collections.abc import Collection, Iterable
from difflib import get_close_matches


def shown(value: object, limit: int = 40) -> str:
    """A value as it may stand in a one-line message: quoted if text, cut when long."""
    if isinstance(value, int) and abs(value) >= 10**limit:  # Python refuses to write the largest
        return f"a whole number of {value.bit_length()} bits"
    text = " ".join(repr(value).split())
    return text if len(text) <= limit else f"{text[: limit - 1]}… ({len(str(value))} characters)"


def did_you_mean(value: str, known: Iterable[str]) -> str:
    """The sentence 'did you mean X?', or an empty string when nothing known is near."""
    near = get_close_matches(value, list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else ""


class StockAnalystError(Exception):
    """Root of the tree."""


class InputError(StockAnalystError, ValueError):
    """A parameter that can't be used.

    Parameters
    ----------
    parameter : str
        Its name, as the caller wrote it.
    value : object
        What was given.
    mend : str
        What to do instead.
    """

    def __init__(self, parameter: str, value: object, mend: str) -> None:
        self.parameter, self.value, self.mend = parameter, value, mend
        super().__init__(f"{parameter} {shown(value)}: {mend}")


def check_choice(parameter: str, value: str, choices: Collection[str]) -> None:
    """Nothing, of a value that is one of the choices.

    Raises
    ------
    InputError
        Naming the nearest, and all of them.
    """
    if value not in choices:
        hint = did_you_mean(str(value), choices)
        raise InputError(parameter, value, f"{hint} choose from {', '.join(choices)}".strip())


class InvalidSymbol(InputError):
    """A symbol that is malformed or that no provider knows."""

    def __init__(self, value: object, mend: str) -> None:
        super().__init__("symbol", value, mend)


class InvalidHorizon(InputError):
    """A horizon outside what the models forecast."""

    def __init__(self, value: object, maximum: int) -> None:
        super().__init__("horizon", value, f"give a whole number of sessions from 1 to {maximum}")


class InvalidCutoff(InputError):
    """A cutoff that is no date, or outside the data."""

    def __init__(self, value: object, mend: str) -> None:
        super().__init__("cutoff", value, mend)


class InvalidSetting(InputError):
    """A variable of the environment that its setting can't take; the name is shown whole.

    Parameters
    ----------
    variable : str
        Its name; the value may be a secret and isn't kept.
    mend : str
    """

    def __init__(self, variable: str, mend: str) -> None:
        super().__init__("environment", variable, mend)
        self.args = (f"environment {shown(variable, 200)}: {mend}",)


class InsufficientHistory(InputError):
    """Too few sessions for an honest walk-forward."""

    def __init__(self, symbol: str, available: int, needed: int, why: str) -> None:
        self.available, self.needed = available, needed
        super().__init__(
            "symbol",
            symbol,
            f"{available} sessions up to the cutoff, {needed} are needed ({why}); "
            "choose a later cutoff, fewer past cutoffs, a shorter horizon or a longer history, or "
            "leave the symbol out",
        )


class DataError(StockAnalystError):
    """Data that can't be trusted."""


class FrameSchema(DataError, ValueError):
    """A frame that breaks the schema of :mod:`stockanalyst.frames`.

    Parameters
    ----------
    where : str
        The file, provider or frame.
    column : str
        The column, or ``"session"`` for the index.
    problem : str
        What is wrong, with the first offending value and its place.
    mend : str
        What to do.
    """

    def __init__(self, where: str, column: str, problem: str, mend: str) -> None:
        self.where, self.column, self.problem, self.mend = where, column, problem, mend
        super().__init__(f"{where}: column {column!r} {problem}; {mend}")


class SourceError(StockAnalystError):
    """A vendor that didn't answer as documented.

    Attributes
    ----------
    kind : str
        What became of the question, in one word: one of the kinds of
        :class:`stockanalyst.sentiment.outcomes.Kind`.
    """

    retryable = True
    kind = "down"

    def __init__(self, source: str, reason: str) -> None:
        self.source, self.reason = source, reason
        super().__init__(f"{source}: {reason}")


class RateLimited(SourceError):
    """The vendor refuses for now."""

    kind = "rate_limited"


class SourceTimeout(SourceError):
    """The vendor, or the network, didn't answer in time."""


class PayloadError(SourceError):
    """The vendor answered something that isn't in its documentation."""

    retryable = False
    kind = "schema_changed"


class SourceRefused(SourceError):
    """The vendor understood, and its answer is no; or it isn't asked, and why.

    Parameters
    ----------
    source : str
        The vendor.
    kind : str
        As for :class:`SourceError`.
    reason : str
    """

    retryable = False

    def __init__(self, source: str, kind: str, reason: str) -> None:
        super().__init__(source, reason)
        self.kind = kind


class MissingCredential(SourceError):
    """A vendor's key that isn't there, or that the vendor doesn't take; the key isn't shown.

    Parameters
    ----------
    source : str
        The vendor.
    variable : str
        Of the environment, which should hold the key.
    why : str
        What is wrong with it.
    """

    retryable = False
    kind = "auth"

    def __init__(self, source: str, variable: str, why: str) -> None:
        self.variable = variable
        super().__init__(source, f"{why}; set {variable} to a key that it takes")


class ModelUnavailable(StockAnalystError):
    """A model that can't take part in an analysis.

    Parameters
    ----------
    model : str
        Its name.
    reason : str
        Why, in a sentence.
    mend : str
        The command that makes it available.
    """

    def __init__(self, model: str, reason: str, mend: str) -> None:
        self.model, self.reason, self.mend = model, reason, mend
        super().__init__(f"{model}: {reason}; {mend}")


class LedgerError(StockAnalystError):
    """A journal that refuses an entry, or can't be trusted; nothing was written."""


class InsufficientFunds(LedgerError):
    """More money would leave an account than is in it."""


class InsufficientUnits(LedgerError):
    """More units would leave a portfolio than it holds, on that day or later."""


class Conflict(LedgerError):
    """The same idempotency key with another entry, or two writers that can't both be right."""


class BrokenJournal(LedgerError):
    """Somebody changed the journal: its chain of hashes doesn't hold; names the first bad row."""


class ReportError(StockAnalystError):
    """A notebook that didn't run to its end.

    Parameters
    ----------
    notebook : str
        Its file name.
    cell : int or None
        Number of the failing cell, counted from 1; None when the kernel itself failed.
    reason : str
        The last line of the failure.
    """

    def __init__(self, notebook: str, cell: int | None, reason: str) -> None:
        self.notebook, self.cell, self.reason = notebook, cell, reason
        place = f"cell {cell}" if cell is not None else "its kernel"
        super().__init__(f"{notebook}, {place}: {reason}")
