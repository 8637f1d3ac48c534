"""Users and the ledger, and the tables of what is fetched.

What fetches makes its tables where they aren't there; a role that may not make tables finds them.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: None = None
depends_on: None = None

_MOST = 2**62
_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_OWNER = ("user_id", "portfolio_id")
_APPEND_ONLY = ("ledger_event", "transfer")
_EVENT = ["ledger_event.user_id", "ledger_event.portfolio_id", "ledger_event.seq"]
_OWNED = ("portfolio", "account", "balance", "ledger_event", "transfer")


def upgrade() -> None:
    """Make them."""
    _fetched()
    _owners()
    _accounts()
    _journal()
    _transfers()
    if op.get_bind().dialect.name == "postgresql":
        _refuse_on_postgresql()
        _separate_users()
    else:
        _refuse_on_sqlite()


def downgrade() -> None:
    """Drop them, and what is in them."""
    for table in (
        *("transfer", "ledger_event", "balance", "account", "portfolio", "commodity", "users"),
        *("vendor_usage", "price_bar", "price_history"),
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION ledger_append_only()")


def _id() -> sa.Column[int]:
    return sa.Column("id", _BIG, sa.Identity(), primary_key=True)


def _columns(kind: sa.types.TypeEngine[Any], *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def _fetched() -> None:
    op.create_table(
        "price_history",
        sa.Column("provider", sa.String(40), primary_key=True),
        sa.Column("symbol", sa.String(20), primary_key=True),
        *_columns(sa.Integer(), "revision"),
        *_columns(sa.DateTime(), "fetched_at"),
        *_columns(sa.JSON(), "notes"),
        *_columns(sa.String(200), "shortfall"),
        if_not_exists=True,
    )
    prices = ("open", "high", "low", "close", "adj_close", "volume", "dividend", "split_ratio")
    op.create_table(
        "price_bar",
        sa.Column("provider", sa.String(40), primary_key=True),
        sa.Column("symbol", sa.String(20), primary_key=True),
        sa.Column("session", sa.Date, primary_key=True),
        *(sa.Column(name, sa.Double, nullable=name != "close") for name in prices),
        *_columns(sa.DateTime(), "fetched_at"),
        sa.ForeignKeyConstraint(
            ["provider", "symbol"], ["price_history.provider", "price_history.symbol"]
        ),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_table(
        "vendor_usage",
        sa.Column("vendor", sa.String(40), primary_key=True),
        sa.Column("account", sa.String(16), primary_key=True),
        *_columns(sa.JSON(), "usage"),
        if_not_exists=True,
    )


def _owners() -> None:
    op.create_table(
        "users",
        _id(),
        *_columns(sa.String(80), "name"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "commodity",
        _id(),
        *_columns(sa.String(10), "kind"),
        *_columns(sa.String(20), "code"),
        *_columns(sa.Integer(), "scale"),
        sa.UniqueConstraint("kind", "code"),
        sa.CheckConstraint("kind IN ('currency', 'security')", "kind"),
        sa.CheckConstraint("scale BETWEEN 0 AND 9", "scale"),
    )
    op.create_table(
        "portfolio",
        _id(),
        *_columns(_BIG, "user_id"),
        *_columns(sa.String(80), "name"),
        *_columns(_BIG, "currency_id"),
        *_columns(sa.String(10), "lot_method"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.ForeignKeyConstraint(["currency_id"], ["commodity.id"]),
        sa.UniqueConstraint("user_id", "name"),
        sa.UniqueConstraint("user_id", "id"),
        sa.CheckConstraint("lot_method IN ('fifo', 'lifo', 'average')", "lot_method"),
    )


def _accounts() -> None:
    op.create_table(
        "account",
        _id(),
        *_columns(_BIG, *_OWNER, "commodity_id"),
        *_columns(sa.String(10), "role"),
        sa.UniqueConstraint(*_OWNER, "commodity_id", "role"),
        sa.UniqueConstraint(*_OWNER, "commodity_id", "id"),
        sa.UniqueConstraint(*_OWNER, "id", "role"),
        sa.ForeignKeyConstraint(["commodity_id"], ["commodity.id"]),
        sa.ForeignKeyConstraint(_OWNER, ["portfolio.user_id", "portfolio.id"]),
        sa.CheckConstraint(
            "role IN ('cash', 'corporate', 'dividends', 'external', 'fees', 'holding', 'interest', "
            "'market', 'taxes')",
            "role",
        ),
    )
    op.create_table(
        "balance",
        *_columns(_BIG, *_OWNER, "account_id"),
        *_columns(sa.String(10), "role"),
        *_columns(_BIG, "amount"),
        sa.PrimaryKeyConstraint(*_OWNER, "account_id"),
        sa.ForeignKeyConstraint(
            [*_OWNER, "account_id", "role"],
            ["account.user_id", "account.portfolio_id", "account.id", "account.role"],
        ),
        sa.CheckConstraint("role NOT IN ('cash', 'holding') OR amount >= 0", "overdraft"),
        sa.CheckConstraint(f"amount BETWEEN -{_MOST} AND {_MOST}", "range"),
    )


def _journal() -> None:
    op.create_table(
        "ledger_event",
        *_columns(_BIG, *_OWNER, "seq"),
        *_columns(sa.String(200), "idempotency_key"),
        *_columns(sa.String(64), "payload_hash"),
        *_columns(sa.String(20), "type", "symbol"),
        *_columns(sa.Date(), "effective_date"),
        *_columns(sa.DateTime(), "recorded_at"),
        sa.Column("reverses", _BIG),
        *_columns(sa.String(64), "prev_hash", "row_hash"),
        *_columns(sa.Text(), "payload"),
        sa.PrimaryKeyConstraint(*_OWNER, "seq"),
        sa.UniqueConstraint("idempotency_key", *_OWNER),
        sa.UniqueConstraint("reverses", *_OWNER),
        sa.ForeignKeyConstraint(_OWNER, ["portfolio.user_id", "portfolio.id"]),
        sa.ForeignKeyConstraint([*_OWNER, "reverses"], _EVENT),
        sa.CheckConstraint("seq > 0", "seq"),
        sa.CheckConstraint(
            "type IN ('buy', 'deposit', 'dividend', 'exchange', 'fee', 'interest', 'reversal', "
            "'sell', 'spin_off', 'split', 'tax', 'transfer_in', 'transfer_out', 'withdrawal')",
            "type",
        ),
        sa.CheckConstraint("(type = 'reversal') = (reverses IS NOT NULL)", "reversal"),
        sa.CheckConstraint("reverses < seq", "reverses"),
    )
    op.create_index(None, "ledger_event", ["symbol", *_OWNER, "effective_date"])


def _transfers() -> None:
    account = [f"account.{name}" for name in (*_OWNER, "commodity_id", "id")]
    op.create_table(
        "transfer",
        *_columns(_BIG, *_OWNER, "seq"),
        *_columns(sa.Integer(), "leg"),
        *_columns(_BIG, "commodity_id", "debit_id", "credit_id", "amount"),
        sa.PrimaryKeyConstraint(*_OWNER, "seq", "leg"),
        sa.ForeignKeyConstraint([*_OWNER, "seq"], _EVENT),
        *(
            sa.ForeignKeyConstraint(
                [*_OWNER, "commodity_id", side], account, name=f"fk_transfer_{side}"
            )
            for side in ("debit_id", "credit_id")
        ),
        sa.CheckConstraint(f"amount > 0 AND amount <= {_MOST}", "amount"),
        sa.CheckConstraint("debit_id <> credit_id", "distinct"),
        sqlite_with_rowid=False,
    )


def _refuse_on_sqlite() -> None:
    for table in _APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    op.execute(
        "CREATE TRIGGER portfolio_refuses_update "
        "BEFORE UPDATE OF id, user_id, currency_id, lot_method ON portfolio "
        "BEGIN SELECT RAISE(ABORT, 'how a portfolio is kept stays'); END"
    )


def _refuse_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for table in _APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()"
        )


def _separate_users() -> None:
    """A transaction sees the rows of its user, named by SET LOCAL; without one it sees none."""
    user = "NULLIF(current_setting('app.user_id', true), '')::bigint"
    rules = dict.fromkeys(_OWNED, f"user_id = {user}")
    rules["users"] = f"id = {user} OR name = current_setting('app.user_name', true)"
    for table, rule in rules.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY of_the_user ON {table} USING ({rule}) WITH CHECK ({rule})")
