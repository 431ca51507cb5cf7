from collections.abc import AsyncGenerator

import pytest
from uhppotedhall import WAYS, Hall, asked


@pytest.fixture(params=WAYS, ids=lambda way: " by ".join(way))
async def hall(request: pytest.FixtureRequest) -> AsyncGenerator[Hall]:
    async with asked(*request.param) as made:
        yield made
