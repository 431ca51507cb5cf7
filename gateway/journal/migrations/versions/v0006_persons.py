"""Whom pseudonyms stand for, sealed."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "persons",
        sa.Column("site", TEXT, nullable=False),
        sa.Column("pseudonym", TEXT, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("site", "pseudonym", name="persons_pkey"),
    )
