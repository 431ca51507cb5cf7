"""Sealed days, and how far the rows of a site have left."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "seals",
        sa.Column("site", TEXT, nullable=False),
        sa.Column("day", TEXT, nullable=False),
        sa.Column("first_seq", sa.BigInteger, nullable=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("end_hash", sa.LargeBinary, nullable=False),
        sa.Column("sealed_at", TEXT, nullable=False),
        sa.Column("seal", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("site", "day", name="seals_pkey"),
    )
    op.create_table(
        "departed",
        sa.Column("site", TEXT, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("mac", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("site", name="departed_pkey"),
    )
