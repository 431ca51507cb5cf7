"""Which version of the schema a store has, and the way to today's. A store that is current costs two short queries."""

import logging
from importlib import import_module
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, insert, inspect, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from gateway.core.errors import GatewayError, WrongInput
from gateway.journal import schema
from gateway.journal.lock import Holder
from gateway.journal.store import held, label, located, migrating, reason, writing

FIRST = "0001"  # of a store that has tables and no version: it was made by release 0.1.0
VERSIONS = tuple(sorted(path.name[1:5] for path in (Path(__file__).parent / "migrations/versions").glob("v*.py")))
NEWEST = VERSIONS[-1]
log = logging.getLogger(__name__)


def bring_up(engine: Engine) -> tuple[str | None, str]:
    """Make the tables, or bring them to today's version, in one transaction; gives the versions before and after.

    The store must be held. Raises WrongInput when the store is newer than this program; GatewayError when it may not
    be changed; SQLAlchemyError.
    """
    with engine.connect() as db:
        found = _version(db)
    if found == NEWEST:
        return found, NEWEST
    if found and found not in VERSIONS:
        raise WrongInput(
            f"store.url: the store is of a newer hall-gateway: its version is {found}, this program knows {NEWEST}"
        )
    try:
        with engine.begin() as db, migrating(db):
            _change(db)
    except DBAPIError as error:
        raise GatewayError(
            f"store.url: the store has version {found or 'none'} and cannot be brought to {NEWEST}: {reason(error)}; "
            "`hall-gateway journal migrate SITE` does it as the owner of its tables"
        ) from error
    if found:
        log.info("the store is brought from version %s to %s", found, NEWEST)
    return found, NEWEST


def migrate(url: str | URL, holder: Holder) -> tuple[str | None, str]:
    """`bring_up` a store that no gateway uses. Raises StoreInUse, GatewayError."""
    store = located(url)
    try:
        with held(store, holder):
            engine = writing(store, holder)
            try:
                return bring_up(engine)
            finally:
                engine.dispose()
    except (SQLAlchemyError, OSError) as error:
        raise GatewayError(f"store.url: {label(store)} cannot be opened: {reason(error)}") from error


def _change(db: Connection) -> None:
    """Asks once more: a gateway of another site in the same database may have come first."""
    found = _version(db)
    if found is None:
        schema.metadata.create_all(db)
        db.execute(insert(schema.version), {"version_num": NEWEST})
    elif found != NEWEST:
        if schema.version.name not in inspect(db).get_table_names():
            schema.version.create(db)
            db.execute(insert(schema.version), {"version_num": found})
        import_module("gateway.journal.migrations.upgrade").upgrade(db)  # Alembic takes half a second to load


def _version(db: Connection) -> str | None:
    tables = inspect(db).get_table_names()
    if schema.version.name in tables:
        return db.execute(select(schema.version)).scalar()
    return FIRST if schema.journal.name in tables else None
