"""The whole site file: its own sections, and those of all services."""

from collections.abc import Collection
from pathlib import Path

from gateway.alarms import config as alarms_config
from gateway.calendar import config as calendar_config
from gateway.calls import config as calls_config
from gateway.calls import voice_config
from gateway.doors import config as doors_config
from gateway.hours import config as hours_config
from gateway.keeping import config as keeping_config
from gateway.site.load import load
from gateway.site.model import Site

SECTIONS = (
    *calls_config.SECTIONS,
    *voice_config.SECTIONS,
    *calendar_config.SECTIONS,
    *hours_config.SECTIONS,
    *doors_config.SECTIONS,
    alarms_config.SECTION,
    *keeping_config.SECTIONS,
)


def load_site(path: Path, *overlays: Path, without: Collection[str] = (), simulated: bool = False) -> Site:
    """Load a site file with the sections of all services, as `load` does. Raises Mistake, SiteError."""
    return load(path, SECTIONS, overlays=overlays, without=without, simulated=simulated)
