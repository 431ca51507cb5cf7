"""make bench [only=NAME]: every benchmark, or the one that is named."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PARTS = {
    "journal": ("journal",),
    "core": ("core", "mixed", "scrape", "mqtt", "line", "browser"),
    "displays": ("encode", "bursts", "text_line", "power_cut"),
    "access": ("access", "access_store"),
}


def main(only: str | None) -> int:
    """Run each in a process of its own; gives 0 when all ran."""
    if only is not None and only not in PARTS:
        print(f"only={only}: there is no such benchmark; there are {', '.join(PARTS)}")
        return 2
    paths = [HERE, *(HERE.parent / name for name in ("peers", "fixtures")), HERE.parent.parent]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    codes = [
        subprocess.run([sys.executable, str(HERE / f"{part}.py")], env=environment, check=False).returncode
        for name, parts in PARTS.items()
        if only in (None, name)
        for part in parts
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else None))
