"""What the use cases ask of a journal."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stockanalyst.portfolio.commodities import Commodity
from stockanalyst.portfolio.entries import Entry
from stockanalyst.portfolio.fees import CommissionSchedule
from stockanalyst.portfolio.ledger import Role
from stockanalyst.portfolio.lot_queues import Method

Numbered = Sequence[tuple[int, Entry]]
"""Entries with their numbers in the journal, in the order in which they were posted."""
Check = Callable[[Numbered], object]
"""Refuses a journal by raising."""


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A portfolio of a user.

    Attributes
    ----------
    id : int
    name : str
    currency : str
        In which it is valued.
    method : {'fifo', 'lifo', 'average'}
        How lots are matched.
    """

    id: int
    name: str
    currency: str
    method: Method


@dataclass(frozen=True, slots=True)
class Broker:
    """Through whom a user trades, and what that costs.

    Attributes
    ----------
    name : str
    schedule : CommissionSchedule
    currency : str
        Of the schedule's amounts; a trade in another can't be charged by them.
    active : bool
        Only then may a trade go through it.
    """

    name: str
    schedule: CommissionSchedule
    currency: str
    active: bool = True


class BrokerStore(Protocol):
    """Brokers of every user; those of another are unknown.

    Methods may raise OSError, as those of a :class:`Journal`.
    """

    def save(self, user: int, broker: Broker) -> None:
        """Keep a broker, in place of the user's one of that name.

        Trades that were posted keep the commission that they were posted with.

        Raises
        ------
        InputError
            An unknown user or currency, or a name that can't be used.
        """

    def all(self, user: int) -> list[Broker]:
        """All of a user, by name."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of an entry that was posted.

    Attributes
    ----------
    number : int
        In the portfolio's journal, from 1 on.
    created : bool
        False where it was there already.
    """

    number: int
    created: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries for one portfolio; see :meth:`Journal.post`.

    Attributes
    ----------
    portfolio : int
    items : sequence of (str, Entry)
    check : callable
    """

    portfolio: int
    items: Sequence[tuple[str, Entry]]
    check: Check


class Journal(Protocol):
    """Journals of every user's portfolios: entries are added, never changed or deleted.

    A portfolio of another user is unknown. Every method may raise OSError: the database can't be
    reached, or is too busy; whatever was posted may then be posted again with the same keys.
    """

    def user(self, name: str) -> int:
        """The number of a user, who is made where there is none.

        Raises
        ------
        InputError
            A name that is blank, longer than 80 characters, or not printable.
        """

    def find_user(self, name: str) -> int | None:
        """The number of a user; None where there is none."""

    def create_portfolio(self, user: int, name: str, *, currency: str, method: str) -> Portfolio:
        """Make an empty portfolio.

        Raises
        ------
        InputError
            An unknown user, currency or method; a name that can't be used.
        Conflict
            The user has one of this name.
        """

    def portfolios(self, user: int) -> list[Portfolio]:
        """All of a user, by name."""

    def portfolio(self, user: int, name: str) -> Portfolio:
        """The one of that name.

        Raises
        ------
        InputError
            The user has none of that name.
        """

    def present(
        self, user: int, portfolio: int, keys: Sequence[str]
    ) -> Mapping[str, tuple[int, Entry]]:
        """Which of these idempotency keys are there, with the number and the entry of each.

        Raises
        ------
        InputError
            An unknown portfolio.
        """

    def post(
        self, user: int, portfolio: int, items: Sequence[tuple[str, Entry]], *, check: Check
    ) -> list[Posted]:
        """Add entries: all of them or, where any is refused, none.

        Parameters
        ----------
        user, portfolio : int
        items : sequence of (str, Entry)
            Each with its idempotency key: what is there with the same key and the same content is
            left as it is.
        check : callable
            Is given the journal with the new entries, before they are kept, where one of them takes
            units of a security away, moves them in, is a corporate action or the reversal of such
            an entry, is dated before another of the same symbol, or takes money on a past day; it
            refuses them by raising.

        Returns
        -------
        list of Posted
            One an item, in the same order.

        Raises
        ------
        InputError
            An unknown portfolio, a key or an amount that can't be used, a reversal of what isn't
            there or is a reversal.
        Conflict
            A key is there with other content, or an entry was reversed before.
        InsufficientFunds, InsufficientUnits
            More would leave than is there.
        """

    def post_together(self, user: int, batches: Sequence[Batch]) -> list[list[Posted]]:
        """As :meth:`post`, to several portfolios of a user: all of it or nothing."""

    def entries(self, user: int, portfolio: int) -> list[tuple[int, Entry]]:
        """The journal, as of one moment.

        Raises
        ------
        InputError
            An unknown portfolio.
        """

    def keys(self, user: int, portfolio: int) -> Mapping[int, str]:
        """The idempotency key of each entry, by its number.

        Raises
        ------
        InputError
            An unknown portfolio.
        """

    def balances(self, user: int, portfolio: int) -> Mapping[tuple[Role, Commodity], int]:
        """What is in each account, in minor units; those that take in what leaves are negative.

        Raises
        ------
        InputError
            An unknown portfolio.
        """

    def verify(self, user: int, portfolio: int) -> int:
        """Check the chain of hashes, every entry, its transfers, and the balances.

        Returns
        -------
        int
            How many entries there are, all sound.

        Raises
        ------
        InputError
            An unknown portfolio.
        BrokenJournal
            Names the first that isn't as it was written.
        """

    def rebuild_balances(self, user: int, portfolio: int) -> None:
        """Make the balances anew from the journal.

        Raises
        ------
        InputError
            An unknown portfolio.
        """
