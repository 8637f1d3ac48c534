"""A provider that keeps what it fetched, and asks only for what is new."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from stockanalyst.exceptions import MissingCredential, SourceError
from stockanalyst.market.calendars import last_closed_session, utc_day
from stockanalyst.market.prices import PriceHistory
from stockanalyst.market.protocols import (
    IncrementalProvider,
    PriceProvider,
    PriceStore,
    StoredPrices,
)
from stockanalyst.market.symbols import calendar_name

_TRIES = 3  # to save, while others save the same symbol
_ASK_AGAIN = pd.Timedelta(hours=1)  # for a session that has closed and isn't there yet
_OVERLAP = 30  # sessions asked for again, to see whether they are still what they were
_CLOSES = {"close": "closes", "adj_close": "adjusted closes"}
_CENT, _SHARE = 1e-4, 2e-5  # what rounding moves a price by: the fourth decimal, a float32


@dataclass(frozen=True)
class StoredProvider:
    """Answers from the store where that has the last closed session, else asks the provider.

    A vendor may publish a session hours after its close: it is asked for it once an hour.

    What the provider then says of sessions that are stored is held against them. A split or a
    dividend, and a correction, changes the past: the history is then fetched whole, takes the place
    of the stored one, and the answer says what changed. A provider that doesn't answer, or whose
    plan gives less than the one that filled the store, is stood in for by the store, and the answer
    says why and how old that is.

    Parameters
    ----------
    provider : PriceProvider
        A live one.
    store : PriceStore
    now : callable
        Gives the present moment, timezone-aware.
    """

    provider: PriceProvider
    store: PriceStore
    now: Callable[[], pd.Timestamp]

    @property
    def name(self) -> str:
        """The provider's."""
        return self.provider.name

    def history(self, symbol: str) -> PriceHistory:
        """Every session, as the provider gave it; raises as the provider does.

        Without a store that can be read and written, all is fetched each time, and a note says so.
        A key that is missing or refused is an error, whatever is stored.
        """
        now = self.now()
        for _ in range(_TRIES):
            try:
                stored = self.store.load(self.name, symbol)
            except OSError as error:
                return _unkept(self._fetched(symbol, None, now), error)
            if stored is not None and _is_current(symbol, stored, now):
                return self._served(symbol, stored, now)
            try:
                fetched = self._fetched(symbol, stored, now)
            except SourceError as error:
                if stored is None or isinstance(error, MissingCredential):
                    raise
                why = f"{error.source} didn't answer ({error.reason})"
                return self._stand_in(symbol, stored, now, why)
            if stored is not None and fetched.shortfall and not stored.shortfall:
                why = f"{self.name} gives only {fetched.shortfall}"
                return self._stand_in(symbol, stored, now, why)
            kept = StoredPrices(fetched.frame, now, fetched.notes, fetched.shortfall)
            try:
                saved = self.store.save(self.name, symbol, kept, replaces=stored)
            except OSError as error:
                return _unkept(fetched, error)
            if saved:
                break
        return fetched

    def _served(self, symbol: str, stored: StoredPrices, now: pd.Timestamp) -> PriceHistory:
        today = max(utc_day(now), stored.frame.index[-1])
        return PriceHistory(
            symbol,
            stored.frame,
            self.name,
            today,
            stored.notes,
            fetched_at=stored.fetched_at,
            shortfall=stored.shortfall,
        )

    def _stand_in(
        self, symbol: str, stored: StoredPrices, now: pd.Timestamp, why: str
    ) -> PriceHistory:
        served = self._served(symbol, stored, now)
        note = (
            f"{why}: these prices are from the local store, "
            f"fetched {stored.fetched_at:%Y-%m-%d %H:%M} UTC, {_age(now - stored.fetched_at)} ago, "
            f"last session {stored.frame.index[-1]:%Y-%m-%d}."
        )
        shortfall = f"prices that were fetched on {stored.fetched_at:%Y-%m-%d}"
        return replace(served, notes=(note, *served.notes), shortfall=shortfall)

    def _fetched(self, symbol: str, stored: StoredPrices | None, now: pd.Timestamp) -> PriceHistory:
        if stored is None:
            return replace(self.provider.history(symbol), fetched_at=now)
        old = stored.frame
        # Where the plan was short, all is asked for again: it costs the same, and shows a better.
        if isinstance(self.provider, IncrementalProvider) and not stored.shortfall:
            recent = self.provider.history_since(symbol, old.index[-_OVERLAP:][0])
            if recent.shortfall:
                return recent  # all would be as short, and is stood in for
            if len(recent.frame) and not restatement(old, recent.frame):
                return replace(recent, frame=_joined(old, recent.frame), fetched_at=now)
        whole = replace(self.provider.history(symbol), fetched_at=now)
        changes = restatement(old, whole.frame)
        if not changes:
            return replace(whole, frame=_joined(old, whole.frame))
        note = f"{self.name} restated the history of {symbol} on {now:%Y-%m-%d}: {changes}."
        return replace(whole, notes=(note, *whole.notes))


def _unkept(fetched: PriceHistory, error: OSError) -> PriceHistory:
    note = f"The local price store can't be used ({error}): these prices aren't kept."
    return replace(fetched, notes=(*fetched.notes, note))


def _is_current(symbol: str, stored: StoredPrices, now: pd.Timestamp) -> bool:
    """Whether it has the last closed session, or was lately asked for it in vain."""
    calendar, last = calendar_name(symbol), stored.frame.index[-1]
    closed = last_closed_session(calendar, now)
    lately = now - stored.fetched_at < _ASK_AGAIN
    asked = lately and last_closed_session(calendar, stored.fetched_at) == closed
    return bool(last >= closed or asked)


def _age(passed: pd.Timedelta) -> str:
    hours = int(passed.total_seconds() // 3600)
    count, unit = (hours // 24, "day") if hours >= 48 else (hours, "hour")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _joined(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """What only the old has, which lies before the new, and the new."""
    joined: pd.DataFrame = pd.concat([old.loc[old.index < new.index[0]], new])
    return joined


def restatement(old: pd.DataFrame, new: pd.DataFrame) -> str:
    """What a new answer says differently of the sessions that are known; empty if nothing.

    Closes and adjusted closes that differ by more than rounding count, and sessions that came or
    went between those of the old; what lies before the first of `new` isn't looked at, as long as
    the two have sessions in common.

    Parameters
    ----------
    old, new : DataFrame
        Price frames.

    Returns
    -------
    str
        Such as "adjusted closes before 2020-08-31 changed by ×0.25 (a split)".
    """
    start, end = max(old.index[0], new.index[0]), old.index[-1]
    was, now = old.loc[start:], new.loc[start:end]
    common = was.index.intersection(now.index)
    if common.empty:
        return f"it begins on {new.index[0]:%Y-%m-%d}, and what was stored ends before"
    said = [_moves(was.loc[common], now.loc[common], new.loc[start:])]
    said.append(_listed(now.index.difference(was.index), "added"))
    said.append(_listed(was.index.difference(now.index), "taken out"))
    changes = "; ".join(filter(None, said))
    if changes and old.index[0] < new.index[0]:
        changes += f"; sessions before {new.index[0]:%Y-%m-%d} aren't given any more"
    return changes


def _listed(sessions: pd.Index, became: str) -> str:
    if sessions.empty:
        return ""
    count = f"{len(sessions)} session{'' if len(sessions) == 1 else 's'}"
    return f"{count} {became}, the last {sessions[-1]:%Y-%m-%d}"


def _moves(was: pd.DataFrame, now: pd.DataFrame, new: pd.DataFrame) -> str:
    """What became of the closes of the sessions in common; `new` has the later ones as well."""
    moved = {name: _differs(was[name], now[name]) for name in _CLOSES}
    sessions = was.index[moved["close"] | moved["adj_close"]]
    if sessions.empty:
        return ""
    names = " and ".join(words for name, words in _CLOSES.items() if moved[name].any())
    events = _new_events(was, new)
    if len(events) and sessions[-1] < events.index[-1]:
        before = events.index[0]
        ratio = (now["adj_close"] / was["adj_close"])[was.index < before].iloc[-1]
        return f"{names} before {before:%Y-%m-%d} changed by ×{ratio:.4g} ({_cause(events)})"
    most = max((now[name] / was[name] - 1).abs().max() for name in moved)
    period = f"from {sessions[0]:%Y-%m-%d} to {sessions[-1]:%Y-%m-%d}"
    return f"{names} {period} changed by up to {most * 100:.3g} % (a correction)"


def _differs(was: pd.Series, now: pd.Series) -> pd.Series:
    rounding = np.maximum(_SHARE * was, np.minimum(_CENT, 0.01 * was))
    differs: pd.Series = (now - was).abs() > rounding
    return differs


def _new_events(was: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Dividends and splits of sessions that had none: a vendor may rescale old ones on a split."""
    later = new.loc[new.index > was.index[0]]
    known = was.reindex(later.index)
    dividend = later["dividend"].mask(known["dividend"] > 0, 0.0)
    split_ratio = later["split_ratio"].mask(known["split_ratio"].fillna(1.0) != 1, 1.0)
    events = pd.DataFrame({"dividend": dividend, "split_ratio": split_ratio})
    unknown: pd.DataFrame = events[(dividend > 0) | (split_ratio != 1)]
    return unknown


def _cause(events: pd.DataFrame) -> str:
    splits, dividends = int((events["split_ratio"] != 1).sum()), int((events["dividend"] > 0).sum())
    counts = [(splits, "split"), (dividends, "dividend")]
    words = [f"a {kind}" if n == 1 else f"{n} {kind}s" for n, kind in counts if n]
    return " and ".join(words)
