"""Brokers and what they charge."""

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: None = None
depends_on: None = None

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table; on PostgreSQL a transaction sees its user's rows alone, as of the others."""
    op.create_table(
        "broker",
        sa.Column("user_id", _BIG, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("currency_id", _BIG, nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("rate", "per_unit", "flat", "minimum")
        ),
        sa.Column("maximum", sa.Text()),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "name"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.ForeignKeyConstraint(["currency_id"], ["commodity.id"]),
    )
    if op.get_bind().dialect.name == "postgresql":
        rule = "user_id = NULLIF(current_setting('app.user_id', true), '')::bigint"
        op.execute("ALTER TABLE broker ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE broker FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY of_the_user ON broker USING ({rule}) WITH CHECK ({rule})")


def downgrade() -> None:
    """Drop it, and what is in it."""
    op.drop_table("broker")
