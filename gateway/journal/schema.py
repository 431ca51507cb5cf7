"""The tables of the store; docs/reference/journal.md describes every column.

Times are text: RFC 3339, UTC, always six fraction digits and `Z`, so that they sort as they are.
A change needs a migration of its own in migrations/versions (docs/reference/journal.md, Migrations). Rows of `journal`
are hashed column by column: changing those needs a decision as well.
"""

import sqlalchemy as sa

from gateway.journal.facets import ACCESS, FACETS, Facet

metadata = sa.MetaData()
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text that sorts by its bytes on both, so that pages, prefixes and times are the same on both."""

journal = sa.Table(
    "journal",
    metadata,
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
    sa.Index("journal_device", "site", "device", "seq"),
    sa.Index("journal_type", "site", "type", "seq"),
    sa.Index("journal_at", "site", "at", "seq"),
)
of_part = journal.c.part.is_not(None)
sa.Index(
    "journal_part",
    journal.c.site,
    journal.c.device,
    journal.c.part,
    journal.c.seq,
    sqlite_where=of_part,
    postgresql_where=of_part,
)
of_access = journal.c["class"] == ACCESS
for facet in FACETS:
    sa.Index(
        f"journal_{facet}",
        journal.c.site,
        Facet(facet),
        journal.c.seq,
        sqlite_where=of_access,
        postgresql_where=of_access,
    )

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("site", TEXT, nullable=False),
    sa.Column("name", TEXT, nullable=False),
    sa.Column("value", TEXT, nullable=False),
    sa.Column("at", TEXT, nullable=False),
    sa.PrimaryKeyConstraint("site", "name", name="cursors_pkey"),
)

desired = sa.Table(
    "desired",
    metadata,
    sa.Column("site", TEXT, nullable=False),
    sa.Column("device", TEXT, nullable=False),
    sa.Column("part", TEXT, nullable=False),  # '' is the device itself: NULL would not be unique
    sa.Column("verb", TEXT, nullable=False),
    sa.Column("params", TEXT, nullable=False),
    sa.Column("rev", sa.BigInteger, nullable=False),
    sa.Column("expires_at", TEXT),
    sa.Column("actor", TEXT, nullable=False),
    sa.Column("command_id", TEXT, nullable=False),
    sa.PrimaryKeyConstraint("site", "device", "part", "verb", name="desired_pkey"),
)

retained = sa.Table(  # the topics that an outlet has retained at its broker, or is about to
    "retained",
    metadata,
    sa.Column("site", TEXT, nullable=False),
    sa.Column("topic", TEXT, nullable=False),
    sa.PrimaryKeyConstraint("site", "topic", name="retained_pkey"),
)

seals = sa.Table(
    "seals",
    metadata,
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

departed = sa.Table(
    "departed",
    metadata,
    sa.Column("site", TEXT, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.Column("mac", sa.LargeBinary, nullable=False),
    sa.PrimaryKeyConstraint("site", name="departed_pkey"),
)

persons = sa.Table(  # whom pseudonyms stand for: sealed, and never part of the record itself
    "persons",
    metadata,
    sa.Column("site", TEXT, nullable=False),
    sa.Column("pseudonym", TEXT, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("at", TEXT, nullable=False),
    sa.PrimaryKeyConstraint("site", "pseudonym", name="persons_pkey"),
)

holders = sa.Table(
    "holders",
    metadata,
    sa.Column("site", TEXT, nullable=False),
    sa.Column("pid", sa.BigInteger, nullable=False),
    sa.Column("host", TEXT, nullable=False),
    sa.Column("since", TEXT, nullable=False),
    sa.PrimaryKeyConstraint("site", name="holders_pkey"),
)

version = sa.Table(  # Alembic's own: the newest migration that the store has had
    "alembic_version",
    metadata,
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
