"""The fixture of tests/conftest.py that fails a test which forgets a task."""

import shutil
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
FORGETFUL = """
import asyncio

async def test_forgets_a_task():
    asyncio.get_running_loop().create_task(asyncio.sleep(60), name="left")

async def test_awaits_its_task():
    await asyncio.get_running_loop().create_task(asyncio.sleep(0))
"""


def test_a_task_that_outlives_its_test_fails_it(tmp_path: Path) -> None:
    shutil.copy(TESTS / "conftest.py", tmp_path)
    (tmp_path / "test_forgetful.py").write_text(FORGETFUL)
    path = f"pythonpath={TESTS / 'peers'} {TESTS / 'fixtures'}"
    options = ["-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto", "-o", path]
    done = subprocess.run([sys.executable, "-m", "pytest", *options, str(tmp_path)], capture_output=True, text=True)
    assert "2 passed, 1 error" in done.stdout, done.stdout
    assert "tasks outlive the test: <coroutine object sleep" in done.stdout
