"""libosdp, which is an extra: where it is not installed, only a site file that names a reader is told so."""

import sys

try:
    import osdp_sys as osdp_sys
except ImportError:
    osdp_sys = None  # type: ignore[assignment]  # the configuration of a reader is refused then

INSTALLED = bool(sys.modules.get("osdp_sys"))
MISSING = "libosdp is not installed: pip install 'hall-gateway[osdp]'"
