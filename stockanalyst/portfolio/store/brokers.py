"""Brokers in an SQL database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, bindparam, insert, select, update

from stockanalyst.portfolio import commodities
from stockanalyst.portfolio.fees import CommissionSchedule
from stockanalyst.portfolio.protocols import Broker
from stockanalyst.portfolio.store.accounts import commodity_id
from stockanalyst.portfolio.store.tables import BROKER, COMMODITY
from stockanalyst.portfolio.store.transactions import Retries, Scope, read, write
from stockanalyst.portfolio.store.users import checked_name, require_user

_ALL = (
    select(BROKER, COMMODITY.c.code)
    .join(COMMODITY, COMMODITY.c.id == BROKER.c.currency_id)
    .where(BROKER.c.user_id == bindparam("user"))
    .order_by(BROKER.c.name)
)


@dataclass(frozen=True)
class SqlBrokers:
    """A :class:`~stockanalyst.portfolio.protocols.BrokerStore`.

    Parameters
    ----------
    engine : Engine
    retries : Retries
    """

    engine: Engine = field(repr=False)
    retries: Retries = field(repr=False)

    def save(self, user: int, broker: Broker) -> None:
        """See the protocol."""
        name, money = checked_name("name", broker.name), commodities.currency(broker.currency)

        def work(connection: Connection) -> None:
            require_user(connection, user)
            values = _values(broker) | {"currency_id": commodity_id(connection, money)}
            own = and_(BROKER.c.user_id == user, BROKER.c.name == name)
            if connection.execute(update(BROKER).where(own).values(values)).rowcount == 0:
                connection.execute(insert(BROKER).values({**values, "user_id": user, "name": name}))

        write(self.engine, self.retries, Scope.user(user), work)

    def all(self, user: int) -> list[Broker]:
        """See the protocol."""

        def work(connection: Connection) -> list[Broker]:
            return [_broker(row) for row in connection.execute(_ALL, {"user": user})]

        return read(self.engine, self.retries, Scope.user(user), work)


def _values(broker: Broker) -> dict[str, Any]:
    own = broker.schedule
    amounts: Mapping[str, Decimal | None] = {
        "rate": own.rate,
        "per_unit": own.per_unit,
        "flat": own.flat,
        "minimum": own.minimum,
        "maximum": own.maximum,
    }
    texts = {name: None if value is None else str(value) for name, value in amounts.items()}
    return {**texts, "active": broker.active}


def _broker(row: Row[Any]) -> Broker:
    schedule = CommissionSchedule(
        rate=Decimal(row.rate),
        per_unit=Decimal(row.per_unit),
        flat=Decimal(row.flat),
        minimum=Decimal(row.minimum),
        maximum=None if row.maximum is None else Decimal(row.maximum),
    )
    return Broker(row.name, schedule, row.code, row.active)
