"""One portfolio of a user, and what may be done with it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

import pandas as pd

from stockanalyst.exceptions import Conflict, InputError, did_you_mean
from stockanalyst.market.symbols import parse_symbols
from stockanalyst.portfolio import booking, corporate
from stockanalyst.portfolio.beancount import beancount_text
from stockanalyst.portfolio.booking import Amount, Instruction
from stockanalyst.portfolio.csv_export import holdings_csv, lots_csv, transactions_csv
from stockanalyst.portfolio.csv_rows import read_rows
from stockanalyst.portfolio.entries import Entry, EntryType
from stockanalyst.portfolio.fees import CommissionSchedule
from stockanalyst.portfolio.lots import Book, replay, standing
from stockanalyst.portfolio.protocols import (
    Batch,
    BrokerStore,
    Journal,
    Numbered,
    Portfolio,
    Posted,
)
from stockanalyst.portfolio.readings import past_day
from stockanalyst.portfolio.valuation import matches_frame
from stockanalyst.reporting.portfolio_html import ShownPerformance, ShownStatement
from stockanalyst.services import imports, valuations
from stockanalyst.services.imports import Import
from stockanalyst.services.protocols import ProviderByName
from stockanalyst.services.quotes import Quotes
from stockanalyst.services.valuations import Proposal

if TYPE_CHECKING:
    from stockanalyst.portfolio.allocation import Method as AllocationMethod

_ACTIONS = (EntryType.SPLIT, EntryType.SPIN_OFF)
Day: TypeAlias = date | str
"""A date, ``"YYYY-MM-DD"``, or a moment with its zone in ISO 8601."""
EXPORTS = ("transactions", "holdings", "lots", "beancount")


@dataclass(frozen=True)
class Surroundings:
    """What every ledger of a process is given.

    Attributes
    ----------
    journal : Journal
    brokers : BrokerStore
    providers : callable
        Gives the price provider of a name.
    now : callable
        The present moment, aware.
    zone : ZoneInfo
        Whose midnight parts two days.
    new_key : callable
        An idempotency key that nobody else has.
    """

    journal: Journal
    brokers: BrokerStore
    providers: ProviderByName
    now: Callable[[], pd.Timestamp]
    zone: ZoneInfo
    new_key: Callable[[], str]

    def today(self) -> date:
        """The day that it is in the zone."""
        return self.now().tz_convert(self.zone).date()


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
        said = Instruction(
            type="deposit", amount=amount, currency=currency, on=self._or_today(on), note=note
        )
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
            type="withdrawal", amount=amount, currency=currency, on=self._or_today(on), note=note
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
                on=self._or_today(on),
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
                on=self._or_today(on),
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
                on=self._or_today(on),
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
        said = Instruction(
            type="split", symbol=symbol, ratio=ratio, on=self._or_today(on), note=note
        )
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
        entries = self.entries()
        entry = self._entry(said, entries, self._schedule(broker, said))
        if entry.type not in _ACTIONS:
            return self._post(entries, [(self._key(key), entry)])[0]
        there = corporate.applied(entries, entry)
        if there is None:
            return self._post(entries, [(self._action_key(entry) if key is None else key, entry)])[
                0
            ]
        if (there[1].ratio, there[1].basis) != (entry.ratio, entry.basis):
            words = f"{entry.type} of {entry.symbol} on {entry.on}"
            mend = f"is there as entry {there[0]} with another ratio; reverse it first"
            raise Conflict(f"{words}: {mend}")
        return Posted(there[0], created=False)

    def reverse(self, number: int, *, note: str = "", key: str | None = None) -> Posted:
        """Take an entry back; both stay in the journal. Said again, nothing is posted."""
        wanted = f"reverse:{number}" if key is None else key
        there = self._around.journal.present(self.user, self.portfolio.id, [wanted]).get(wanted)
        if there is not None and there[1].reverses == number:
            return Posted(there[0], created=False)
        today = self._around.today()
        return self.post(
            Instruction(type="reversal", on=today, reverses=number, note=note), key=wanted
        )

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
        here = self.entries()
        said = Instruction(
            type="transfer_out",
            amount=amount,
            currency=currency,
            symbol=symbol,
            units=units,
            on=self._or_today(on),
            note=note or f"to {to.portfolio.name}",
        )
        out = self._entry(said, here, None)
        wanted = self._key(key)
        there = self._around.journal.present(self.user, self.portfolio.id, [wanted]).get(wanted)
        if there is not None and there[1] == out:
            return Posted(there[0], created=False)
        number = max((n for n, _ in here), default=0) + 1
        lots = (
            booking.moved([*here, (number, out)], number, self.portfolio.method)
            if out.symbol
            else ()
        )
        coming = replace(
            out, type=EntryType.TRANSFER_IN, lots=lots, note=note or f"from {self.portfolio.name}"
        )

        def check_here(entries: Numbered) -> None:
            self.check(entries)
            last = entries[-1][0]
            if lots and booking.moved(entries, last, self.portfolio.method) != lots:
                raise Conflict(f"{out.symbol}: was traded meanwhile; transfer it again")

        return self._around.journal.post_together(
            self.user,
            [
                Batch(self.portfolio.id, [(wanted, out)], check_here),
                Batch(to.portfolio.id, [(wanted, coming)], to.check),
            ],
        )[0][0]

    def check(self, entries: Numbered) -> None:
        """Raise where a journal of this portfolio can't be."""
        corporate.check(entries, self.portfolio.method)

    def entries(self) -> Numbered:
        """The journal: entries with their numbers."""
        return self._around.journal.entries(self.user, self.portfolio.id)

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
        :func:`stockanalyst.portfolio.valuation.lots_frame`.
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
        rows = read_rows(content)
        entries = self.entries()
        found = imports.judged(
            rows,
            self.portfolio,
            entries,
            self._around.journal.present(self.user, self.portfolio.id, [row.key for row in rows]),
            self._around.journal.balances(self.user, self.portfolio.id),
            zone=self._around.zone,
            today=self._around.today(),
        )
        if dry_run or found.refused:
            return found
        self._post(entries, found.items())
        return replace(found, posted=True)

    def export(self, what: str = "transactions", *, provider: str = "auto") -> str:
        """A file's text: ``transactions``, ``holdings`` or ``lots`` as CSV, or ``beancount``.

        Transactions can be imported again, into another portfolio too.
        """
        if what not in EXPORTS:
            hint = did_you_mean(what, EXPORTS)
            raise InputError("what", what, f"{hint} choose from {', '.join(EXPORTS)}".strip())
        if what == "holdings":
            return holdings_csv(self.show(provider=provider))
        if what == "lots":
            return lots_csv(self._book(self._around.today()))
        if what == "beancount":
            return beancount_text(self.portfolio, self.entries())
        return transactions_csv(self.entries())

    def verify(self) -> int:
        """Check the chain of hashes, every entry and the balances; how many entries are sound.

        Raises
        ------
        BrokenJournal
            Names the first row that isn't as it was written.
        """
        return self._around.journal.verify(self.user, self.portfolio.id)

    def _book(self, day: date) -> Book:
        known = [pair for pair in standing(self.entries()) if pair[1].on <= day]
        return replay(known, self.portfolio.method)

    def _or_today(self, on: Day | None) -> Day:
        return self._around.today() if on is None else on

    def _day(self, on: Day | None, parameter: str = "on") -> date:
        if on is None:
            return self._around.today()
        today = self._around.today()
        return past_day(on, parameter, zone=self._around.zone, last=today)

    def _entry(
        self, said: Instruction, entries: Numbered, schedule: CommissionSchedule | None
    ) -> Entry:
        return booking.entry(
            said,
            journal=entries,
            currency=self.portfolio.currency,
            zone=self._around.zone,
            today=self._around.today(),
            schedule=schedule,
        )

    def _post(self, entries: Numbered, items: Sequence[tuple[str, Entry]]) -> list[Posted]:
        """Post them; what was there before is left as it is, and changes no later split."""
        keys = [key for key, _ in items]
        there = self._around.journal.present(self.user, self.portfolio.id, keys)
        new = [item for item in items if item[0] not in there]
        known = [item for item in items if item[0] in there]
        batch = [*known, *corporate.restated(entries, new)]
        fates = self._around.journal.post(self.user, self.portfolio.id, batch, check=self.check)
        by_key = {key: fate for (key, _), fate in zip(batch, fates, strict=True)}
        return [by_key[key] for key in keys]

    def _key(self, key: str | None) -> str:
        return self._around.new_key() if key is None else key

    def _action_key(self, action: Entry) -> str:
        """The one under which it is posted first or, once that was taken back, another."""
        key = corporate.action_key(action)
        used = self._around.journal.present(self.user, self.portfolio.id, [key])
        return f"{key}:{self._around.new_key()}" if used else key

    def _schedule(self, broker: str | None, said: Instruction) -> CommissionSchedule | None:
        if broker is None:
            return None
        found = {each.name: each for each in self._around.brokers.all(self.user)}
        if broker not in found:
            hint = did_you_mean(broker, found) or "make one first"
            raise InputError("broker", broker, f"isn't one of this user's; {hint}")
        chosen = found[broker]
        if not chosen.active:
            raise InputError("broker", broker, "isn't active; choose another, or activate it")
        money = str(said.currency or self.portfolio.currency).strip().upper()
        if chosen.currency != money:
            mend = f"charges in {chosen.currency}, the trade is in {money}; give the fee instead"
            raise InputError("broker", broker, mend)
        return chosen.schedule
