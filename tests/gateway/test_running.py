"""How the verbs end that run until they are told to stop."""

import signal
import subprocess
import sys

import pytest

CHILD = """
import asyncio, sys, time
from gateway import running

async def work():
    print("runs", flush=True)
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.shield(asyncio.to_thread(time.sleep, float(sys.argv[1])))

running.STOP_S = 0.3
sys.exit(running._until_told(work()))
"""


@pytest.mark.parametrize(("hangs_s", "signals", "code"), [("0.05", 1, 0), ("30", 1, 1), ("30", 2, 1)])
def test_a_stop_is_clean_or_is_given_up(hangs_s: str, signals: int, code: int) -> None:
    with subprocess.Popen([sys.executable, "-P", "-c", CHILD, hangs_s], stdout=-1, stderr=-1, text=True) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline() == "runs\n"
        for _ in range(signals):
            child.send_signal(signal.SIGTERM)
        assert child.wait(10) == code
        assert ("the stop has not ended within 0.3 s" in child.stderr.read()) is bool(code)
