"""What is remembered of vendors, in an SQL database."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from threading import Event

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import (
    JSON,
    URL,
    Column,
    ColumnElement,
    Connection,
    Engine,
    String,
    Table,
    and_,
    insert,
    make_url,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from stockanalyst.infra.db import METADATA, engine_with
from stockanalyst.infra.limits import MemoryUsageStore, Step, Usage

_LOG = logging.getLogger(__name__)
_FORM = TypeAdapter(Usage)
_MEND = "; if the file is damaged, delete it"
_USAGE = Table(
    "vendor_usage",
    METADATA,
    Column("vendor", String(40), primary_key=True),
    Column("account", String(16), primary_key=True),
    Column("usage", JSON, nullable=False),
)


@dataclass(frozen=True)
class SqlUsageStore:
    """A :class:`~stockanalyst.infra.limits.UsageStore` of every process.

    A database that can't be read or written hinders nobody: this process then remembers what it
    can, and a warning is logged once. The table is made where it isn't there.

    Parameters
    ----------
    url : str or URL
        As SQLAlchemy writes it.
    """

    url: str | URL = field(repr=False)
    _memory: MemoryUsageStore = field(default_factory=MemoryUsageStore, init=False, repr=False)
    _warned: Event = field(default_factory=Event, init=False, repr=False)

    def read(self, vendor: str, account: str) -> Usage:
        """See the protocol."""
        try:
            with self._transaction() as connection:
                return _read(connection, _key(vendor, account))
        except OSError as error:
            self._warn(error)
            return self._memory.read(vendor, account)

    def change(self, vendor: str, account: str, step: Step) -> None:
        """See the protocol."""
        try:
            usage = self._changed(vendor, account, step)
        except OSError as error:
            self._warn(error)
            self._memory.change(vendor, account, step)
        else:
            self._memory.change(vendor, account, lambda _: usage)

    def _changed(self, vendor: str, account: str, step: Step) -> Usage:
        key = _key(vendor, account)
        with self._transaction() as connection:
            _claim(connection, vendor, account)
            usage = step(_read(connection, key))
            form = _FORM.dump_python(usage, mode="json")
            connection.execute(update(_USAGE).where(key).values(usage=form))
        return usage

    @cached_property
    def _engine(self) -> Engine:
        return engine_with(self.url, _USAGE)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            words = str(getattr(error, "orig", None) or type(error).__name__)
            raise OSError(" ".join(words.split())[:100]) from None

    def _warn(self, error: OSError) -> None:
        if not self._warned.is_set():
            self._warned.set()
            _LOG.warning(
                "the database %s doesn't take what is used of daily quotas, so that only this "
                "process knows it: %s%s",
                make_url(self.url).database,
                error,
                _MEND if make_url(self.url).get_backend_name() == "sqlite" else "",
            )


def _claim(connection: Connection, vendor: str, account: str) -> None:
    """Lock the row until the transaction ends: whoever comes second waits here.

    It is the first statement, and a write: an SQLite transaction that began with reading could not
    wait for another that writes.
    """
    touch = update(_USAGE).where(_key(vendor, account)).values(vendor=vendor)
    if connection.execute(touch).rowcount:
        return
    new = insert(_USAGE).values(vendor=vendor, account=account, usage={})
    with suppress(IntegrityError), connection.begin_nested():
        connection.execute(new)
    connection.execute(touch)


def _read(connection: Connection, key: ColumnElement[bool]) -> Usage:
    """As it is there; a new one where there is none, or one that nobody understands."""
    form = connection.execute(select(_USAGE.c.usage).where(key)).scalar()
    try:
        return _FORM.validate_python(form or {})
    except ValidationError:
        return Usage()


def _key(vendor: str, account: str) -> ColumnElement[bool]:
    return and_(_USAGE.c.vendor == vendor, _USAGE.c.account == account)
