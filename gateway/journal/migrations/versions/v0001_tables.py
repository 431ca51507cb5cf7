"""The tables of 0.1.0, which a store of that release has without saying so."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "journal",
        sa.Column("site", TEXT, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("device_at", TEXT),
        sa.Column("clock_offset_s", sa.Float),
        sa.Column("device", TEXT),
        sa.Column("part", TEXT),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("class", TEXT, nullable=False),
        sa.Column("volatile", sa.Integer, nullable=False),
        sa.Column("payload", TEXT),
        sa.Column("salt", sa.LargeBinary),
        sa.Column("payload_hash", sa.LargeBinary, nullable=False),
        sa.Column("source_key", TEXT, nullable=False),
        sa.Column("prev_hash", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("site", "seq", name="journal_pkey"),
        sa.UniqueConstraint("site", "source_key", name="journal_source"),
    )
    op.create_index("journal_device", "journal", ["site", "device", "seq"])
    op.create_index("journal_type", "journal", ["site", "type", "seq"])
    op.create_table(
        "cursors",
        sa.Column("site", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("site", "name", name="cursors_pkey"),
    )
    op.create_table(
        "desired",
        sa.Column("site", TEXT, nullable=False),
        sa.Column("device", TEXT, nullable=False),
        sa.Column("part", TEXT, nullable=False),
        sa.Column("verb", TEXT, nullable=False),
        sa.Column("params", TEXT, nullable=False),
        sa.Column("rev", sa.BigInteger, nullable=False),
        sa.Column("expires_at", TEXT),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("command_id", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("site", "device", "part", "verb", name="desired_pkey"),
    )
