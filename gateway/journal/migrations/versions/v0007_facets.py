"""Indexes behind the events of a door, and of a person, and those with a reason."""

from alembic import op

revision = "0007"
down_revision = "0006"

EXPRESSION = {
    "sqlite": "CASE WHEN json_valid(payload) THEN json_extract(payload, '$.{}') END",
    "postgresql": "(CASE WHEN position('\\u0000' in payload) = 0 THEN payload::json ->> '{}' END)",
}


def upgrade() -> None:
    op.execute("CREATE INDEX journal_part ON journal (site, device, part, seq) WHERE part IS NOT NULL")
    said = EXPRESSION[op.get_bind().dialect.name]
    for name in ("person", "reason"):
        expression = said.format(name)
        op.execute(f"CREATE INDEX journal_{name} ON journal (site, {expression}, seq) WHERE class = 'access'")
