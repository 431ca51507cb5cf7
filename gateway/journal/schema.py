"""The tables of the store; docs/reference/journal.md describes every column.

Times are text: RFC 3339, UTC, always six fraction digits and `Z`, so that they sort as they are.
Rows of `journal` are hashed column by column: changing it needs a migration and a decision.
"""

import sqlalchemy as sa

metadata = sa.MetaData()

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("device_at", sa.Text),
    sa.Column("clock_offset_s", sa.Float),
    sa.Column("device", sa.Text),
    sa.Column("part", sa.Text),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("class", sa.Text, nullable=False),
    sa.Column("volatile", sa.Integer, nullable=False),
    sa.Column("payload", sa.Text),
    sa.Column("salt", sa.LargeBinary),
    sa.Column("payload_hash", sa.LargeBinary, nullable=False),
    sa.Column("source_key", sa.Text, nullable=False),
    sa.Column("prev_hash", sa.LargeBinary, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.PrimaryKeyConstraint("site", "seq", name="journal_pkey"),
    sa.UniqueConstraint("site", "source_key", name="journal_source"),
    sa.Index("journal_device", "site", "device", "seq"),
    sa.Index("journal_type", "site", "type", "seq"),
)

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("site", "name", name="cursors_pkey"),
)

desired = sa.Table(
    "desired",
    metadata,
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("part", sa.Text, nullable=False),  # '' is the device itself: NULL would not be unique
    sa.Column("verb", sa.Text, nullable=False),
    sa.Column("params", sa.Text, nullable=False),
    sa.Column("rev", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.Text),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("command_id", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("site", "device", "part", "verb", name="desired_pkey"),
)

retained = sa.Table(  # the topics that an outlet has retained at its broker, or is about to
    "retained",
    metadata,
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("site", "topic", name="retained_pkey"),
)

seals = sa.Table(
    "seals",
    metadata,
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("day", sa.Text, nullable=False),
    sa.Column("first_seq", sa.BigInteger, nullable=False),
    sa.Column("last_seq", sa.BigInteger, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("end_hash", sa.LargeBinary, nullable=False),
    sa.Column("sealed_at", sa.Text, nullable=False),
    sa.Column("seal", sa.LargeBinary, nullable=False),
    sa.PrimaryKeyConstraint("site", "day", name="seals_pkey"),
)

departed = sa.Table(
    "departed",
    metadata,
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.Column("mac", sa.LargeBinary, nullable=False),
    sa.PrimaryKeyConstraint("site", name="departed_pkey"),
)
