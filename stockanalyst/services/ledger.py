"""One portfolio of a user, and what may be done with it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd

from stockanalyst.exceptions import BrokenJournal, InputError, check_choice
from stockanalyst.market.symbols import parse_symbols
from stockanalyst.portfolio.beancount import beancount_text
from stockanalyst.portfolio.booking import Amount, Instruction
from stockanalyst.portfolio.csv_export import holdings_csv, lots_csv, transactions_csv
from stockanalyst.portfolio.csv_rows import read_rows
from stockanalyst.portfolio.lot_tables import matches_frame
from stockanalyst.portfolio.lots import Book, replay, standing
from stockanalyst.portfolio.protocols import Numbered, Portfolio, Posted
from stockanalyst.portfolio.readings import past_day
from stockanalyst.reporting.portfolio_html import ShownPerformance, ShownStatement
from stockanalyst.services import imports, valuations
from stockanalyst.services.bookkeeping import Books, Surroundings
from stockanalyst.services.imports import Import
from stockanalyst.services.quotes import Quotes
from stockanalyst.services.valuations import Proposal

if TYPE_CHECKING:
    from stockanalyst.portfolio.allocation import Method as AllocationMethod

Day: TypeAlias = date | str
"""A date, ``"YYYY-MM-DD"``, or a moment with its zone in ISO 8601."""
EXPORTS = ("transactions", "holdings", "lots", "beancount")


@dataclass(frozen=True)
class Ledger:
    """A portfolio: what happened is posted to it, and what follows from that is asked of it.

    Amounts, units and prices are Decimals, whole numbers or texts such as ``"12.50"``, never
    floats. A day is a date or ``"YYYY-MM-DD"``, or a moment with its zone; without one it is today.
    The same `key` posts the same thing once, however often it is said; without one, each call is a
    new event, but for a split or a spin-off, which happens once a day and symbol.

    Attributes
    ----------
    user : int
    portfolio : Portfolio

    Raises
    ------
    InputError
        Of every verb: a value that can't be used; the message says how to mend it.
    LedgerError
        Of every verb that posts: too little money or units, a key that is there with other content.
        Nothing was posted then.
    OSError
        The database can't be reached.
    """

    user: int
    portfolio: Portfolio
    _around: Surroundings

    def __repr__(self) -> str:
        own = self.portfolio
        return f"<Portfolio {own.name!r}: {own.currency}, {own.method}>"

    def deposit(
        self,
        amount: Amount,
        *,
        currency: str | None = None,
        on: Day | None = None,
        note: str = "",
        key: str | None = None,
    ) -> Posted:
        """Money comes in from outside."""
        said = Instruction(type="deposit", amount=amount, currency=currency, on=on, note=note)
        return self.post(said, key=key)

    def withdraw(
        self,
        amount: Amount,
        *,
        currency: str | None = None,
        on: Day | None = None,
        note: str = "",
        key: str | None = None,
    ) -> Posted:
        """Money goes out."""
        said = Instruction(
            type="withdrawal",
            amount=amount,
            currency=currency,
            on=on,
            note=note,
        )
        return self.post(said, key=key)

    def buy(
        self,
        symbol: str,
        units: Amount,
        price: Amount | None = None,
        *,
        amount: Amount | None = None,
        currency: str | None = None,
        fee: Amount | None = None,
        tax: Amount | None = None,
        broker: str | None = None,
        on: Day | None = None,
        note: str = "",
        key: str | None = None,
    ) -> Posted:
        """Units for money: at a price a unit, or for an amount before fee and tax.

        Parameters
        ----------
        symbol : str
        units, price, amount : Decimal, int or str
            Units may be fractions; of `price` and `amount` one is given.
        currency : str, optional
            That of the portfolio without one.
        fee, tax : Decimal, int or str, optional
            On top of the amount.
        broker : str, optional
            Whose schedule gives the fee, where none is given.
        on, note, key
            See the class.
        """
        return self.post(
            Instruction(
                type="buy",
                symbol=symbol,
                units=units,
                price=price,
                amount=amount,
                currency=currency,
                fee=fee,
                tax=tax,
                on=on,
                note=note,
            ),
            key=key,
            broker=broker,
        )

    def sell(
        self,
        symbol: str,
        units: Amount,
        price: Amount | None = None,
        *,
        amount: Amount | None = None,
        currency: str | None = None,
        fee: Amount | None = None,
        tax: Amount | None = None,
        broker: str | None = None,
        on: Day | None = None,
        note: str = "",
        key: str | None = None,
    ) -> Posted:
        """Money for units; parameters as those of :meth:`buy`."""
        return self.post(
            Instruction(
                type="sell",
                symbol=symbol,
                units=units,
                price=price,
                amount=amount,
                currency=currency,
                fee=fee,
                tax=tax,
                on=on,
                note=note,
            ),
            key=key,
            broker=broker,
        )

    def dividend(
        self,
        symbol: str,
        amount: Amount | None = None,
        *,
        price: Amount | None = None,
        currency: str | None = None,
        fee: Amount | None = None,
        tax: Amount | None = None,
        on: Day | None = None,
        note: str = "",
        key: str | None = None,
    ) -> Posted:
        """Money for what was held when the day before the ex-date ended.

        Parameters
        ----------
        symbol : str
        amount, price : Decimal, int or str
            Gross: in all, or a unit; one of them.
        tax, fee : Decimal, int or str, optional
            Taken from it.
        on : date or str, optional
            The ex-date.
        currency, note, key
            As in :meth:`buy`.
        """
        return self.post(
            Instruction(
                type="dividend",
                symbol=symbol,
                amount=amount,
                price=price,
                currency=currency,
                fee=fee,
                tax=tax,
                on=on,
                note=note,
            ),
            key=key,
        )

    def split(
        self,
        symbol: str,
        ratio: str | tuple[int, int],
        *,
        on: Day | None = None,
        note: str = "",
        key: str | None = None,
    ) -> Posted:
        """New units for old ones, such as ``"4:1"``; a reverse split is ``"1:10"``.

        It happens once a symbol and day: said again, nothing is posted.
        """
        said = Instruction(type="split", symbol=symbol, ratio=ratio, on=on, note=note)
        return self.post(said, key=key)

    def post(
        self, said: Instruction, *, key: str | None = None, broker: str | None = None
    ) -> Posted:
        """Whatever happened: every type of :class:`stockanalyst.portfolio.entries.EntryType`.

        A later split that an earlier purchase changes is taken back and posted anew.

        Parameters
        ----------
        said : Instruction
        key : str, optional
        broker : str, optional
            Active, and of the trade's currency.
        """
        return self.books.post(said, key=key, broker=broker)

    def reverse(self, number: int, *, note: str = "", key: str | None = None) -> Posted:
        """Take an entry back; both stay in the journal. Said again, nothing is posted.

        Of a transfer to or from another portfolio of the user both ends are taken back, or none.
        """
        return self.post(Instruction(type="reversal", reverses=number, note=note), key=key)

    def transfer(
        self,
        to: "Ledger",
        *,
        amount: Amount | None = None,
        currency: str | None = None,
        symbol: str | None = None,
        units: Amount | None = None,
        on: Day | None = None,
        note: str = "",
        key: str | None = None,
    ) -> Posted:
        """Money, or units with their lots, from this portfolio to another of the same user.

        Both journals take it, or none.

        Parameters
        ----------
        to : Ledger
        amount, currency
            Of money.
        symbol, units
            Of a security; `currency` is then that in which it was bought.
        on, note, key
            See the class.

        Returns
        -------
        Posted
            What became of it here.
        """
        if to.portfolio.id == self.portfolio.id or to.user != self.user:
            raise InputError("to", to.portfolio.name, "give another portfolio of the same user")
        said = Instruction(
            type="transfer_out",
            amount=amount,
            currency=currency,
            symbol=symbol,
            units=units,
            on=on,
            note=note,
        )
        return self.books.transfer(to.books, said, key)

    def entries(self) -> Numbered:
        """The journal: entries with their numbers."""
        return self.books.entries()

    def show(self, on: Day | None = None, *, provider: str = "auto") -> ShownStatement:
        """What is held at the end of a day, what it has cost, and what it is worth.

        Parameters
        ----------
        on : date or str, optional
        provider : str
            Of prices and exchange rates; see :func:`stockanalyst.api.load_prices`.
        """
        day = self._day(on)
        quotes = Quotes(self._around.providers, provider)
        return valuations.statement_on(self.portfolio, self.entries(), day, quotes)

    def lots(self, on: Day | None = None, *, provider: str = "auto") -> pd.DataFrame:
        """Lots that are open at the end of a day, what each has cost and what it is worth.

        Parameters are those of :meth:`show`; the columns those of
        :func:`stockanalyst.portfolio.lot_tables.lots_frame`.
        """
        day = self._day(on)
        quotes = Quotes(self._around.providers, provider)
        return valuations.lots_on(self.portfolio, self.entries(), day, quotes)

    def gains(self, on: Day | None = None) -> pd.DataFrame:
        """What was given away until the end of a day, lot by lot, and what it gained."""
        return matches_frame(self._book(self._day(on)))

    def transactions(self) -> pd.DataFrame:
        """The journal as a table, in the order in which it was posted."""
        return valuations.transactions_frame(self.entries())

    def performance(
        self,
        *,
        since: Day | None = None,
        until: Day | None = None,
        benchmark: str | None = None,
        provider: str = "auto",
    ) -> ShownPerformance:
        """What became of the money between two days.

        Parameters
        ----------
        since, until : date or str, optional
            From the first entry to today, without them. What was there at the close of `since` is
            where the reckoning starts.
        benchmark : str, optional
            A symbol to compare with, whose prices are in the portfolio's currency.
        provider : str
            As for :meth:`show`.
        """
        first = None if since is None else self._day(since, "since")
        last = self._day(until, "until")
        if first is not None and first >= last:
            raise InputError("since", first, f"give a day before {last}, with which it ends")
        quotes = Quotes(self._around.providers, provider)
        return valuations.performance_between(
            self.portfolio, self.entries(), (first, last), benchmark, quotes
        )

    def allocate(
        self,
        method: "AllocationMethod" = "hrp",
        *,
        symbols: str | Iterable[str] | None = None,
        on: Day | None = None,
        sessions: int = 504,
        max_weight: float = 1.0,
        risk_aversion: float | None = None,
        cost: float = 0.001,
        provider: str = "auto",
    ) -> Proposal:
        """Weights that a method gives from past prices, and the trades that lead to them.

        It is arithmetic on the past, no forecast and no advice.

        Parameters
        ----------
        method : str
            ``equal_weight``, ``min_variance``, ``mean_variance``, ``min_cvar`` or ``hrp``.
        symbols : str or iterable of str, optional
            Those held, without them. What is held and not named is sold.
        on : date or str, optional
            Prices up to this day count.
        sessions : int
            How many of them.
        max_weight : float
            The largest weight, a decimal.
        risk_aversion : float, optional
            Of ``mean_variance`` alone.
        cost : float
            Of a trade, as a share of its value.
        provider : str
            As for :meth:`show`.
        """
        quotes = Quotes(self._around.providers, provider)
        asked = valuations.Wanted(
            method=method,
            symbols=None if symbols is None else tuple(parse_symbols(symbols)),
            sessions=sessions,
            max_weight=max_weight,
            risk_aversion=risk_aversion,
            cost=cost,
        )
        return valuations.proposal_on(self.portfolio, self.entries(), self._day(on), asked, quotes)

    def import_csv(self, content: bytes, *, dry_run: bool = False) -> Import:
        """Post the rows of a file: all that are new or, where one is refused, none.

        Parameters
        ----------
        content : bytes
            CSV in UTF-8; see :mod:`stockanalyst.portfolio.csv_rows`.
        dry_run : bool
            Whether to say only what would become of each row.
        """
        found, entries = imports.judged(read_rows(content), self.books)
        if dry_run or found.refused:
            return found
        self.books.post_all(entries, found.items())
        return replace(found, posted=True)

    def export(self, what: str = "transactions", *, provider: str = "auto") -> str:
        """A file's text: ``transactions``, ``holdings`` or ``lots`` as CSV, or ``beancount``.

        Transactions can be imported: into another portfolio, where they make the same books, or
        again into this one, where they add nothing.
        """
        check_choice("what", what, EXPORTS)
        if what == "holdings":
            return holdings_csv(self.show(provider=provider))
        if what == "lots":
            return lots_csv(self._book(self._around.today()))
        if what == "beancount":
            return beancount_text(self.portfolio, self.entries())
        keys = self._around.journal.keys(self.user, self.portfolio.id)
        return transactions_csv(self.entries(), keys)

    def verify(self) -> int:
        """Check the chain of hashes, every entry and the balances; how many entries are sound.

        Raises
        ------
        BrokenJournal
            Names the portfolio, and the first row that isn't as it was written.
        """
        try:
            return self._around.journal.verify(self.user, self.portfolio.id)
        except BrokenJournal as error:
            raise BrokenJournal(f"portfolio {self.portfolio.name!r}, {error}") from error

    def _book(self, day: date) -> Book:
        known = [pair for pair in standing(self.entries()) if pair[1].on <= day]
        return replay(known, self.portfolio.method)

    def _day(self, on: Day | None, parameter: str = "on") -> date:
        if on is None:
            return self._around.today()
        today = self._around.today()
        return past_day(on, parameter, zone=self._around.zone, last=today)

    @property
    def books(self) -> Books:
        """The journal, and how entries come into it."""
        return Books(self.user, self.portfolio, self._around)
