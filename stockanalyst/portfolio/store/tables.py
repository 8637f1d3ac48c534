"""Tables of the ledger.

The journal is ``ledger_event`` and ``transfer``, where nothing is changed or deleted; ``balance``
can be made anew from it. Every row says whose it is, and its foreign keys say so too: no transfer
can name another user's account, nor one of another commodity. Triggers and PostgreSQL's row-level
security stand in the migrations alone.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from stockanalyst.infra.db import METADATA
from stockanalyst.portfolio.commodities import MOST
from stockanalyst.portfolio.entries import EntryType
from stockanalyst.portfolio.ledger import NEVER_NEGATIVE, Role

_BIG = BigInteger().with_variant(Integer, "sqlite")  # 64 bits on both


def _words(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in sorted(names))


USERS = Table(
    "users",
    METADATA,
    Column("id", _BIG, Identity(), primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
)
COMMODITY = Table(
    "commodity",
    METADATA,
    Column("id", _BIG, Identity(), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("code", String(20), nullable=False),
    Column("scale", Integer, nullable=False),
    UniqueConstraint("kind", "code"),
    CheckConstraint("kind IN ('currency', 'security')", "kind"),
    CheckConstraint("scale BETWEEN 0 AND 9", "scale"),
)
PORTFOLIO = Table(
    "portfolio",
    METADATA,
    Column("id", _BIG, Identity(), primary_key=True),
    Column("user_id", _BIG, ForeignKey("users.id"), nullable=False),
    Column("name", String(80), nullable=False),
    Column("currency_id", _BIG, ForeignKey("commodity.id"), nullable=False),
    Column("lot_method", String(10), nullable=False),
    UniqueConstraint("user_id", "name"),
    UniqueConstraint("user_id", "id"),
    CheckConstraint("lot_method IN ('fifo', 'lifo', 'average')", "lot_method"),
)
BROKER = Table(
    "broker",
    METADATA,
    Column("user_id", _BIG, ForeignKey("users.id"), nullable=False),
    Column("name", String(80), nullable=False),
    Column("currency_id", _BIG, ForeignKey("commodity.id"), nullable=False),
    # Decimals as texts: neither database's own numbers keep all their digits on both.
    *(Column(name, Text, nullable=False) for name in ("rate", "per_unit", "flat", "minimum")),
    Column("maximum", Text),
    Column("active", Boolean, nullable=False),
    PrimaryKeyConstraint("user_id", "name"),
)
ACCOUNT = Table(
    "account",
    METADATA,
    Column("id", _BIG, Identity(), primary_key=True),
    Column("user_id", _BIG, nullable=False),
    Column("portfolio_id", _BIG, nullable=False),
    Column("commodity_id", _BIG, ForeignKey("commodity.id"), nullable=False),
    Column("role", String(10), nullable=False),
    UniqueConstraint("user_id", "portfolio_id", "commodity_id", "role"),
    UniqueConstraint("user_id", "portfolio_id", "commodity_id", "id"),
    UniqueConstraint("user_id", "portfolio_id", "id", "role"),
    ForeignKeyConstraint(["user_id", "portfolio_id"], ["portfolio.user_id", "portfolio.id"]),
    CheckConstraint(f"role IN ({_words(list(Role))})", "role"),
)
BALANCE = Table(
    "balance",
    METADATA,
    Column("user_id", _BIG, nullable=False),
    Column("portfolio_id", _BIG, nullable=False),
    Column("account_id", _BIG, nullable=False),
    Column("role", String(10), nullable=False),
    Column("amount", _BIG, nullable=False),
    PrimaryKeyConstraint("user_id", "portfolio_id", "account_id"),
    ForeignKeyConstraint(
        ["user_id", "portfolio_id", "account_id", "role"],
        ["account.user_id", "account.portfolio_id", "account.id", "account.role"],
    ),
    CheckConstraint(f"role NOT IN ({_words(list(NEVER_NEGATIVE))}) OR amount >= 0", "overdraft"),
    # An amount of less is added to it, so that no sum leaves 64 bits.
    CheckConstraint(f"amount BETWEEN -{MOST} AND {MOST}", "range"),
)
LEDGER_EVENT = Table(
    "ledger_event",
    METADATA,
    Column("user_id", _BIG, nullable=False),
    Column("portfolio_id", _BIG, nullable=False),
    Column("seq", _BIG, nullable=False),
    Column("idempotency_key", String(200), nullable=False),
    Column("payload_hash", String(64), nullable=False),
    Column("type", String(20), nullable=False),
    Column("symbol", String(20), nullable=False),
    Column("effective_date", Date, nullable=False),
    Column("recorded_at", DateTime, nullable=False),  # in UTC
    Column("reverses", _BIG),
    Column("prev_hash", String(64), nullable=False),
    Column("row_hash", String(64), nullable=False),
    Column("payload", Text, nullable=False),
    PrimaryKeyConstraint("user_id", "portfolio_id", "seq"),
    # None but the primary key begins with the owner: PostgreSQL would take another to look up a
    # transfer's entry, before it has statistics, and read the owner's whole journal for each.
    UniqueConstraint("idempotency_key", "user_id", "portfolio_id"),
    UniqueConstraint("reverses", "user_id", "portfolio_id"),
    Index(None, "symbol", "user_id", "portfolio_id", "effective_date"),
    ForeignKeyConstraint(["user_id", "portfolio_id"], ["portfolio.user_id", "portfolio.id"]),
    ForeignKeyConstraint(
        ["user_id", "portfolio_id", "reverses"],
        ["ledger_event.user_id", "ledger_event.portfolio_id", "ledger_event.seq"],
    ),
    CheckConstraint("seq > 0", "seq"),
    CheckConstraint(f"type IN ({_words(list(EntryType))})", "type"),
    CheckConstraint("(type = 'reversal') = (reverses IS NOT NULL)", "reversal"),
    CheckConstraint("reverses < seq", "reverses"),
)
TRANSFER = Table(
    "transfer",
    METADATA,
    Column("user_id", _BIG, nullable=False),
    Column("portfolio_id", _BIG, nullable=False),
    Column("seq", _BIG, nullable=False),
    Column("leg", Integer, nullable=False),
    Column("commodity_id", _BIG, nullable=False),
    Column("debit_id", _BIG, nullable=False),
    Column("credit_id", _BIG, nullable=False),
    Column("amount", _BIG, nullable=False),
    PrimaryKeyConstraint("user_id", "portfolio_id", "seq", "leg"),
    ForeignKeyConstraint(
        ["user_id", "portfolio_id", "seq"],
        ["ledger_event.user_id", "ledger_event.portfolio_id", "ledger_event.seq"],
    ),
    *(
        ForeignKeyConstraint(
            ["user_id", "portfolio_id", "commodity_id", side],
            ["account.user_id", "account.portfolio_id", "account.commodity_id", "account.id"],
            name=f"fk_transfer_{side}",
        )
        for side in ("debit_id", "credit_id")
    ),
    CheckConstraint(f"amount > 0 AND amount <= {MOST}", "amount"),
    CheckConstraint("debit_id <> credit_id", "distinct"),
    sqlite_with_rowid=False,
)
