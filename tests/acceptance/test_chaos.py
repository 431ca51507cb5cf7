"""A sample of `make chaos`: always the same seed, so that a failure can be looked at again."""

from pathlib import Path

import pytest
from chaos import Chaos, hall

SEED, ROUNDS = 238, 3


@pytest.mark.timeout(240)
def test_a_hall_that_is_hurt_at_random_is_right_again(tmp_path: Path) -> None:
    with hall(tmp_path) as hurt:
        hurt.start()
        chaos = Chaos(hurt, SEED)
        for _ in range(ROUNDS):
            chaos.round()
        assert chaos.kills >= ROUNDS
