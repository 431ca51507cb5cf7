"""A disk that is really full (ENOSPC on a tmpfs of 4 MB): nothing is lost, invented or reordered."""

import subprocess
import sys
from pathlib import Path

from smalldisk import on_small_disk, python_path

CHILD = Path(__file__).with_name("full_disk_child.py")


def test_nothing_is_lost_invented_or_reordered_on_a_disk_that_is_full_for_a_while(tmp_path: Path) -> None:
    command = on_small_disk(tmp_path, [sys.executable, str(CHILD), str(tmp_path)])
    done = subprocess.run(command, capture_output=True, text=True, timeout=55, env=python_path(), check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.count("the journal could not record: database or disk is full") == 3, done.stderr
    assert done.stderr.count("the journal records again") == 3
