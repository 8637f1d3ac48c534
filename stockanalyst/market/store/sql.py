"""Fetched prices in an SQL database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import (
    JSON,
    URL,
    Column,
    ColumnElement,
    Connection,
    Date,
    DateTime,
    Double,
    Engine,
    ForeignKeyConstraint,
    Integer,
    Row,
    String,
    Table,
    and_,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from stockanalyst.frames import PRICE_COLUMNS
from stockanalyst.infra.db import METADATA, engine_with
from stockanalyst.market.protocols import StoredPrices

_HISTORY = Table(
    "price_history",
    METADATA,
    Column("provider", String(40), primary_key=True),
    Column("symbol", String(20), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("fetched_at", DateTime, nullable=False),  # in UTC
    Column("notes", JSON, nullable=False),
    Column("shortfall", String(200), nullable=False),
)
_BAR = Table(
    "price_bar",
    METADATA,
    Column("provider", String(40), primary_key=True),
    Column("symbol", String(20), primary_key=True),
    Column("session", Date, primary_key=True),
    *(Column(name, Double, nullable=name != "close") for name in PRICE_COLUMNS),
    Column("fetched_at", DateTime, nullable=False),
    ForeignKeyConstraint(
        ["provider", "symbol"], ["price_history.provider", "price_history.symbol"]
    ),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True)
class SqlPriceStore:
    """A :class:`~stockanalyst.market.protocols.PriceStore`.

    Two tables: one row a history, with its revision, and one a session, as the provider gave it,
    with the moment at which these values first came. Tables that aren't there are made.

    Parameters
    ----------
    url : str or URL
        As SQLAlchemy writes it.
    """

    url: str | URL

    def load(self, provider: str, symbol: str) -> StoredPrices | None:
        """See the protocol; raises OSError."""
        columns = [_BAR.c.session, *(_BAR.c[name] for name in PRICE_COLUMNS)]
        bars = select(*columns).where(_key(_BAR, provider, symbol)).order_by(_BAR.c.session)
        with self._transaction() as connection:
            found = connection.execute(select(_HISTORY).where(_key(_HISTORY, provider, symbol)))
            history = found.one_or_none()
            if history is None:
                return None
            rows = connection.execute(bars).all()
        return StoredPrices(
            frame=_frame(rows),
            fetched_at=pd.Timestamp(history.fetched_at, tz="UTC"),
            notes=tuple(history.notes),
            shortfall=history.shortfall,
            revision=history.revision,
        )

    def save(
        self, provider: str, symbol: str, prices: StoredPrices, *, replaces: StoredPrices | None
    ) -> bool:
        """See the protocol; raises OSError. Sessions that are the same as before aren't touched."""
        same = 0 if replaces is None else _common_start(replaces.frame, prices.frame)
        changed = _key(_BAR, provider, symbol)
        if same:
            changed = and_(changed, _BAR.c.session > prices.frame.index[same - 1].date())
        rows = _rows(prices.frame.iloc[same:])
        fixed = {"provider": provider, "symbol": symbol, "fetched_at": _utc(prices.fetched_at)}
        with self._transaction() as connection:
            # First of all, and a write: whoever comes second waits here, and then finds a revision
            # that isn't the one it read.
            if not _claim(connection, provider, symbol, prices, replaces):
                return False
            connection.execute(delete(_BAR).where(changed))
            if rows:
                connection.execute(insert(_BAR).values(fixed), rows)
        return True

    @cached_property
    def _engine(self) -> Engine:
        return engine_with(self.url, _HISTORY, _BAR)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            words = str(getattr(error, "orig", None) or type(error).__name__)
            raise OSError(" ".join(words.split())[:100]) from error


def _claim(
    connection: Connection,
    provider: str,
    symbol: str,
    prices: StoredPrices,
    replaces: StoredPrices | None,
) -> bool:
    """Enter the history's row, if it is still as it was read."""
    values = {
        "fetched_at": _utc(prices.fetched_at),
        "notes": list(prices.notes),
        "shortfall": prices.shortfall,
        "revision": 1 if replaces is None else replaces.revision + 1,
    }
    if replaces is None:
        new = insert(_HISTORY).values(provider=provider, symbol=symbol, **values)
        try:
            connection.execute(new)
        except IntegrityError:
            return False
        return True
    same = and_(_key(_HISTORY, provider, symbol), _HISTORY.c.revision == replaces.revision)
    return connection.execute(update(_HISTORY).where(same).values(**values)).rowcount == 1


def _key(table: Table, provider: str, symbol: str) -> ColumnElement[bool]:
    return and_(table.c.provider == provider, table.c.symbol == symbol)


def _utc(moment: pd.Timestamp) -> datetime:
    return moment.tz_convert("UTC").tz_localize(None).floor("us").to_pydatetime()


def _common_start(old: pd.DataFrame, new: pd.DataFrame) -> int:
    """How many rows are the same, to the bit, from the first on."""
    n = min(len(old), len(new))
    was, becomes = old.to_numpy()[:n], new.to_numpy()[:n]
    same = ((was == becomes) | (np.isnan(was) & np.isnan(becomes))).all(axis=1)
    same &= old.index[:n] == new.index[:n]
    return n if same.all() else int(same.argmin())


def _rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    """One a session; a value that isn't known is NULL, not NaN."""
    values = frame.astype(object).where(frame.notna(), None).to_numpy()
    sessions = pd.DatetimeIndex(frame.index).date
    return [
        {"session": session, **dict(zip(PRICE_COLUMNS, row, strict=True))}
        for session, row in zip(sessions, values, strict=True)
    ]


def _frame(rows: Sequence[Row[Any]]) -> pd.DataFrame:
    table = np.array([tuple(row) for row in rows], dtype=object)
    index = pd.DatetimeIndex(table[:, 0], name="session").as_unit("ns")
    return pd.DataFrame(table[:, 1:].astype(np.float64), index, list(PRICE_COLUMNS))
