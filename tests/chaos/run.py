"""make chaos [SEED=…] [ROUNDS=…]: hurt a hall again and again, and check after every round that it is right again."""

import argparse
import secrets
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from chaos import Chaos, hall

HELP = "rounds differ by the seed alone; the same seed hurts the same things at the same times"


def main() -> int:
    """Run a campaign; gives 0 when the hall was right after every round."""
    parser = argparse.ArgumentParser(description=__doc__, epilog=HELP)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--rounds", type=int, default=80)
    options = parser.parse_args()
    print(f"SEED={options.seed}", flush=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hall-chaos-") as folder, hall(Path(folder)) as hurt:
        hurt.start()
        chaos = Chaos(hurt, options.seed)
        for number in range(1, options.rounds + 1):
            print(f"{number:4} ", end="")
            chaos.round(partial(print, flush=True))
        took_s = time.monotonic() - begun
        print(f"right after every one of {options.rounds} rounds: {chaos.kills} kills of the gateway in {took_s:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
