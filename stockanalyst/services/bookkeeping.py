"""What somebody says happened, as entries in the journals of one user."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

import pandas as pd

from stockanalyst.exceptions import (
    Conflict,
    InputError,
    InsufficientUnits,
    LedgerError,
    did_you_mean,
    shown,
)
from stockanalyst.portfolio import booking, corporate, soundness
from stockanalyst.portfolio.booking import Instruction
from stockanalyst.portfolio.corporate import Holdings
from stockanalyst.portfolio.entries import ACTIONS, Entry, EntryType
from stockanalyst.portfolio.fees import CommissionSchedule
from stockanalyst.portfolio.lots import numbered_after
from stockanalyst.portfolio.protocols import (
    Batch,
    BrokerStore,
    Journal,
    Numbered,
    Portfolio,
    Posted,
)
from stockanalyst.services.protocols import ProviderByName

Items = Sequence[tuple[str, Entry]]
_PLAIN = frozenset(EntryType) - {*ACTIONS, EntryType.DIVIDEND, EntryType.REVERSAL}
"""Types whose entries need no look into the journal."""
_OTHER_END = {
    EntryType.TRANSFER_IN: EntryType.TRANSFER_OUT,
    EntryType.TRANSFER_OUT: EntryType.TRANSFER_IN,
}
_TRIES = 3


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
class Books:
    """The journal of one portfolio, and how entries come into it.

    What is posted may follow from the journal: units of a split, lots of a transfer, a split that
    an earlier purchase changes. Then it is read before, and the check looks at it once more inside
    the transaction; where another entry came between, all is done again.
    """

    user: int
    portfolio: Portfolio
    around: Surroundings

    def entries(self) -> Numbered:
        """The journal."""
        return self.around.journal.entries(self.user, self.portfolio.id)

    def check(self, entries: Numbered) -> None:
        """Raise where a journal of this portfolio can't be."""
        soundness.check(entries, self.portfolio.method)

    def find(self, key: str) -> tuple[int, Entry] | None:
        """The entry that was posted with a key."""
        return self.around.journal.present(self.user, self.portfolio.id, [key]).get(key)

    def post(self, said: Instruction, *, key: str | None, broker: str | None) -> Posted:
        """See :meth:`stockanalyst.services.ledger.Ledger.post`."""
        schedule = self._schedule(broker, said)
        if said.type in _PLAIN:
            with suppress(LedgerError):  # of a later split, maybe, which the journal tells
                return self._post(said, key, schedule, [])
        return self._unless_moved(lambda entries: self._post(said, key, schedule, entries))

    def _post(
        self,
        said: Instruction,
        key: str | None,
        schedule: CommissionSchedule | None,
        entries: Numbered,
    ) -> Posted:
        there = None if key is None else self.find(key)
        said = self._dated(said, there)
        try:
            entry = self.entry(said, entries, schedule)
        except InsufficientUnits:
            if there is None:
                raise
            return Posted(there[0], created=False)  # of what was taken back since
        if there is not None and booking.says_again(entry, there[1], said):
            return Posted(there[0], created=False)
        if entry.type is EntryType.REVERSAL:
            return self._reverse(entry, key, entries)
        if entry.type in ACTIONS:
            return self._act(entry, key, entries)
        wanted = self.around.new_key() if key is None else key
        return self._fate(wanted, self.batch(entries, [(wanted, entry)]))

    def transfer(self, to: "Books", said: Instruction, key: str | None) -> Posted:
        """See :meth:`stockanalyst.services.ledger.Ledger.transfer`."""
        return self._unless_moved(lambda entries: self._transfer(to, said, key, entries))

    def post_all(self, entries: Numbered, items: Items) -> None:
        """Post entries, and what splits need because of them: all or none."""
        self.around.journal.post_together(self.user, [self.batch(entries, items)])

    def entry(
        self,
        said: Instruction,
        entries: Numbered | Holdings,
        schedule: CommissionSchedule | None = None,
    ) -> Entry:
        """The entry that an instruction means."""
        return booking.entry(
            said,
            journal=entries,
            currency=self.portfolio.currency,
            zone=self.around.zone,
            today=self.around.today(),
            schedule=schedule,
        )

    def _unless_moved(self, work: Callable[[Numbered], Posted]) -> Posted:
        """What `work` gives; tried again where another entry came into the journal meanwhile."""
        for _ in range(_TRIES - 1):
            with suppress(_Moved):
                return self._watched(work, self.entries())
        return work(self.entries())

    def _watched(self, work: Callable[[Numbered], Posted], entries: Numbered) -> Posted:
        try:
            return work(entries)
        except LedgerError:
            if len(self.entries()) != len(entries):
                raise _Moved from None
            raise

    def _act(self, action: Entry, key: str | None, entries: Numbered) -> Posted:
        """A split or a spin-off, once."""
        there = corporate.applied(entries, action)
        if there is None:
            wanted = self._action_key(action) if key is None else key
            return self._fate(wanted, self.batch(entries, [(wanted, action)]))
        if (there[1].ratio, there[1].basis) != (action.ratio, action.basis):
            words = f"{action.type} of {action.symbol} on {action.on}"
            mend = f"is there as entry {there[0]} with another ratio; reverse it first"
            raise Conflict(f"{words}: {mend}")
        return Posted(there[0], created=False)

    def _action_key(self, action: Entry) -> str:
        """The one under which it is posted first or, once that was taken back, another."""
        key = corporate.action_key(action)
        return key if self.find(key) is None else f"{key}:{self.around.new_key()}"

    def _reverse(self, back: Entry, key: str | None, entries: Numbered) -> Posted:
        """Take an entry back; of a transfer between portfolios its other end too."""
        wanted = f"reverse:{back.reverses}" if key is None else key
        there = self.find(wanted)
        if there is not None and there[1].reverses == back.reverses:
            return Posted(there[0], created=False)
        own = self.batch(entries, [(wanted, back)])
        return self._fate(wanted, own, *self._other_end(back, dict(entries).get(back.reverses)))

    def _other_end(self, back: Entry, original: Entry | None) -> list[Batch]:
        """What takes back the other end of a transfer, where it has one."""
        if original is None or original.type not in _OTHER_END:
            return []
        journal = self.around.journal
        key = journal.keys(self.user, self.portfolio.id)[back.reverses]
        for other in journal.portfolios(self.user):
            books = Books(self.user, other, self.around)
            there = None if other.id == self.portfolio.id else books.find(key)
            if there is not None and _are_ends(original, there[1]):
                theirs = replace(back, reverses=there[0])
                return [books.batch(books.entries(), [(f"reverse:{there[0]}", theirs)])]
        return []

    def _transfer(
        self, to: "Books", said: Instruction, key: str | None, entries: Numbered
    ) -> Posted:
        there = None if key is None else self.find(key)
        out = self.entry(self._dated(said, there), entries)
        out = replace(out, note=out.note or f"to {to.portfolio.name}")
        if there is not None and booking.says_again(out, there[1], said):
            return Posted(there[0], created=False)
        if there is not None:
            mend = "with other content; give a new transfer a new key"
            raise Conflict(f"key {shown(key)}: is there as entry {there[0]} {mend}")
        wanted = self.around.new_key() if key is None else key
        own = self.batch(entries, [(wanted, out)])
        if out.symbol:
            own, out = self._with_lots(own, wanted, entries)
        note = said.note or f"from {self.portfolio.name}"
        coming = replace(out, type=EntryType.TRANSFER_IN, note=note)
        return self._fate(wanted, own, to.batch(to.entries(), [(wanted, coming)]))

    def _with_lots(self, batch: Batch, key: str, entries: Numbered) -> tuple[Batch, Entry]:
        """The batch, and the entry in it that moves units out, with the lots that these are of."""
        numbered = numbered_after(entries, batch.items)
        number = numbered[[own for own, _ in batch.items].index(key)][0]
        lots = booking.moved([*entries, *numbered], number, self.portfolio.method)
        items = [
            (own, replace(entry, lots=lots) if own == key else entry) for own, entry in batch.items
        ]
        return replace(batch, items=items), dict(items)[key]

    def _fate(self, key: str, own: Batch, *others: Batch) -> Posted:
        """Post batches together; what became of the entry with that key, which is in the first."""
        fates = self.around.journal.post_together(self.user, [own, *others])[0]
        return {posted: fate for (posted, _), fate in zip(own.items, fates, strict=True)}[key]

    def _dated(self, said: Instruction, there: tuple[int, Entry] | None) -> Instruction:
        """With a day: that of the entry which has the key already, or today."""
        if said.on is not None:
            return said
        return replace(said, on=self.around.today() if there is None else there[1].on)

    def batch(self, entries: Numbered, items: Items) -> Batch:
        """These entries, and what splits need because of them."""
        return Batch(self.portfolio.id, corporate.restated(entries, items), self.check)

    def _schedule(self, broker: str | None, said: Instruction) -> CommissionSchedule | None:
        if broker is None:
            return None
        found = {each.name: each for each in self.around.brokers.all(self.user)}
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


class _Moved(Exception):
    """Another entry came into the journal."""


def _are_ends(one: Entry, other: Entry) -> bool:
    """Whether these are both ends of one transfer between two portfolios."""
    same = replace(other, type=one.type, lots=one.lots, note=one.note)
    return other.type is _OTHER_END[one.type] and same == one
