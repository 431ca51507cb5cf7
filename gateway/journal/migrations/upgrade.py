"""Runs the migrations that a store has not had yet."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

logging.getLogger("alembic").setLevel(logging.WARNING)  # what it tells at INFO is told in one line by ours


def upgrade(db: Connection) -> None:
    """Bring the store to the newest version, in the transaction of `db`. Raises SQLAlchemyError."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = db
    command.upgrade(config, "head")
