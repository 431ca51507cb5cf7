"""Checks stretches of a long journal in several processes, each for itself: what is whole and joined is done with.

A fault is not told here. Whoever asks goes on behind the last stretch that is whole, row by row, and names it.
"""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import count
from multiprocessing import get_context

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from gateway.core.errors import GatewayError
from gateway.journal.store import reading
from gateway.journal.stretch import Known, Walked, walk

STRETCH_ROWS = 20_000
WORTH_ROWS = 200_000  # a second of work: to start a process takes half of one
PROCESSES = 4
BEHIND_THE_GATEWAY = 10  # of nice


def proven(url: str | URL, site: str, key: bytes, known: Known, start: Walked, *, newest: int) -> Walked:
    """How far the rows behind `start` are whole, in full stretches up to the seq `newest`; at worst it is `start`."""
    processes = min(PROCESSES, len(os.sched_getaffinity(0)))
    if processes < 2 or newest - start.seq < WORTH_ROWS:
        return start
    spawned = get_context("spawn")  # a fork would take our connections with it
    with ProcessPoolExecutor(processes, spawned, os.nice, (BEHIND_THE_GATEWAY,)) as pool:
        try:
            return _joined(_stretches(pool, url, site, key, known, start.seq, newest), start)
        except BrokenProcessPool:  # as where there is no memory for them
            return start
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _joined(stretches: Iterator[Future[Walked | None]], start: Walked) -> Walked:
    for stretch in stretches:
        found = stretch.result()
        if found is None or found.before != start.hash:
            break
        start = Walked(found.seq, found.hash, start.before, start.erased + found.erased, None)
    return start


def _stretches(
    pool: Executor, url: str | URL, site: str, key: bytes, known: Known, seq: int, newest: int
) -> Iterator[Future[Walked | None]]:
    """All of them in their order, never many at once: a forged seq may be any number."""
    waiting: deque[Future[Walked | None]] = deque()
    for after in count(seq, STRETCH_ROWS):
        until = after + STRETCH_ROWS
        if until <= newest:
            waiting.append(pool.submit(_whole, url, site, key, known.among(after + 1, until), after, until))
        if len(waiting) > 2 * PROCESSES or (waiting and until > newest):
            yield waiting.popleft()
        elif until > newest:
            return


def _whole(url: str | URL, site: str, key: bytes, known: Known, after: int, until: int) -> Walked | None:
    """One stretch, in its process; None where it is not whole or cannot be read."""
    engine = reading(url)
    try:
        with engine.connect() as db:
            found = walk(db, site, key, known, seq=after, last=None, first=after + 1, until=until)
    except (SQLAlchemyError, OSError, GatewayError):
        return None  # whoever goes on from there will say why
    finally:
        engine.dispose()
    return found if found.fault is None and found.seq == until else None
