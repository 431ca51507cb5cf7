"""What is said of a site file with mistakes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.sections import SECTIONS
from gateway.site.load import SiteError, load


@pytest.fixture
def complaints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Loads the text of a site file, and of overlays by their names: gives every complaint, without the folder."""
    monkeypatch.setenv("HALL_TEST_KEY", "5e" * 32)

    def load_wrong(text: str, **overlays: str) -> list[str]:
        path = tmp_path / "site"
        path.write_text(text)
        for name, content in overlays.items():
            (tmp_path / name).write_text(content)
        with pytest.raises(SiteError) as caught:
            load(path, SECTIONS, overlays=[tmp_path / name for name in overlays])
        return [str(mistake).replace(f"{tmp_path}/", "") for mistake in caught.value.mistakes]

    return load_wrong
