"""An index behind pages of a time span."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("journal_at", "journal", ["site", "at", "seq"])
