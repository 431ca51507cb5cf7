"""Where the record of a site is kept."""

from pathlib import Path

from sqlalchemy import URL

from gateway.journal.store import is_file, located, placed
from gateway.people.secrets import read_secret
from gateway.site.model import Site, StoreConfig


def store_url(site: Site, store: StoreConfig) -> URL:
    """The store's address with its password, paths being relative to the site file. Raises GatewayError."""
    url = placed(located(store.url), site.folder)
    return url.set(password=read_secret(store.password)) if store.password else url


def anchors_path(site: Site, store: StoreConfig) -> Path:
    """The file that receives the head of the journal: beside the store, or the site file where that is a database."""
    url = placed(located(store.url), site.folder)
    beside = f"{url.database if is_file(url) else site.general.site.id}.anchors"
    return site.folder / (store.anchors or beside)
