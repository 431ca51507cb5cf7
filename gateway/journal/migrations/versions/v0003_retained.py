"""The retained MQTT topics that are ours."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "retained",
        sa.Column("site", TEXT, nullable=False),
        sa.Column("topic", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("site", "topic", name="retained_pkey"),
    )
