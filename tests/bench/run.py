"""make bench [only=NAME]: every benchmark, or the one that is named."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NAMES = ("journal", "core")


def main(only: str | None) -> int:
    """Run each in a process of its own; gives 0 when all ran."""
    if only is not None and only not in NAMES:
        print(f"only={only}: there is no such benchmark; there are {', '.join(NAMES)}")
        return 2
    paths = [HERE, HERE.parent / "peers", HERE.parent.parent]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    codes = [
        subprocess.run([sys.executable, str(HERE / f"{name}.py")], env=environment, check=False).returncode
        for name in NAMES
        if only in (None, name)
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else None))
