"""The verbs of the command line that ask a running gateway. Each gives the exit code."""

import argparse
import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any
from urllib.parse import quote

from gateway import client as clients
from gateway.client import Client
from gateway.conformance.run import Outcome, Report, prove
from gateway.core.errors import GatewayError, WrongInput
from gateway.terminal import line, progress, say, token


def call(options: argparse.Namespace) -> int:
    """Call a number to a window of a running gateway."""
    call_id = f"cli-{os.urandom(6).hex()}"
    body = {"call_id": call_id, "window": options.window, "ticket": options.ticket}
    answer = ask(options, lambda client: client.post("/calls", body))
    return say(options, answer, f"{options.ticket} is accepted for {options.window} (call {call_id})")


def conformance_queue(options: argparse.Namespace) -> int:
    """Prove that a running site takes calls as its documents say; 1 when a promise was broken."""

    def told(outcome: Outcome) -> None:
        if not options.json:
            line(f"{'ok    ' if outcome.broken is None else 'BROKEN'} {outcome.promise}")
            if outcome.broken is not None:
                line(f"       {outcome.broken}")

    own, aloud = token(options.token_file), options.aloud
    proof = prove(options.url, window=options.window, token=own, told=told, cleared=progress, aloud=aloud)
    try:
        report = asyncio.run(_until_told(proof))
    except (KeyboardInterrupt, asyncio.CancelledError) as error:
        raise GatewayError("stopped before all was asked") from error
    times = (
        f"a call is accepted in {report.accept_p50_ms:.1f} ms, at most {report.accept_max_ms:.1f}"
        if report.kept
        else "not all was kept"
    )
    say(options, report, times)
    return 0 if report.kept else 1


async def _until_told(proof: Coroutine[Any, Any, Report]) -> Report:
    """Let SIGTERM end it as Ctrl-C does: what it has called is taken off then."""
    task = asyncio.ensure_future(proof)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def devices(options: argparse.Namespace) -> int:
    """List the devices of a running gateway."""
    found = ask(options, lambda client: client.get("/devices"))["devices"]
    rows = [f"{device['id']:24} {device['status']:10} {device['driver']:24} {device['why'] or ''}" for device in found]
    return say(options, found, "\n".join(rows))


def alarms(options: argparse.Namespace) -> int:
    """List, acknowledge and shelve the alarms of a running gateway."""
    if options.do == "list":
        found = ask(options, lambda client: client.get("/alarms"))
        return say(options, found, "\n".join(_alarm(alarm) for alarm in found["alarms"]) or "no alarms")
    if options.id is None:
        raise WrongInput(f"alarms {options.do}: the ALARM is missing; `alarms list` tells them")
    path, body = f"/alarms/{quote(options.id, safe='')}", {"reason": options.reason}
    if options.do == "shelve":
        body["for_s"] = options.for_s
    if options.do == "ack":
        body["occurrence"] = options.occurrence
        if options.occurrence is None:
            body["occurrence"] = ask(options, lambda client: client.get(path))["occurrence"]
    alarm = ask(options, lambda client: client.post(f"{path}/{options.do}", body))
    return say(options, alarm, _alarm(alarm))


def _alarm(alarm: Mapping[str, Any]) -> str:
    behind = f" (behind {alarm['root']})" if alarm["root"] else ""
    told = f"{alarm['title']['en']}{behind}"
    return f"{alarm['priority']:9} {alarm['state']:13} {alarm['id']:40} {alarm['occurrence']:8} {told}"


def ask(options: argparse.Namespace, question: Callable[[Client], Awaitable[Any]]) -> Any:
    """Ask the gateway at `--url`. Raises GatewayError with its own sentence."""
    return clients.ask(options.url, token(options.token_file), question)
