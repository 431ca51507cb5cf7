"""The command line of `hall-gateway`. Exit codes: 0 done, 1 failed, 2 wrong input.

A verb is named by its module and function, which `carried_out` alone imports: the whole gateway takes long to load, and
who calls a number needs little of it.
"""

import argparse
import json
import logging
import os
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from gateway import arguments, nested
from gateway.core.errors import GatewayError, WrongFile, WrongInput
from gateway.core.rights import REASON
from gateway.grammar import of_gateway, verb
from gateway.people.rights import Role
from gateway.release import VERSION

DONE, FAILED, WRONG = 0, 1, 2
ALARMS = ("do", "list", "ack", "shelve", "unshelve")
TOKEN = ("do", "new", "list", "revoke")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; gives the exit code."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(message)s", stream=sys.stderr)
    try:
        with _own_files():
            code = carried_out(options)
        sys.stdout.flush()
        return code
    except WrongFile as error:
        return _fail(options, WRONG, str(error), {"mistakes": error.plain})
    except BrokenPipeError:  # who read our output has seen enough; the interpreter must not write the rest
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (GatewayError, OSError) as error:
        code = WRONG if isinstance(error, WrongInput) else FAILED
        return _fail(options, code, f"hall-gateway: {error}", {"error": str(error)})
    except KeyboardInterrupt:
        return DONE


@contextmanager
def _own_files() -> Generator[None]:
    """What is written meanwhile, the record and what is exported of it, is for nobody but who writes it."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def carried_out(options: argparse.Namespace) -> int:
    """Run the verb that was asked for; gives its exit code."""
    module, _, name = options.run.partition(":")
    code: int = getattr(import_module(module), name)(options)
    return code


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser("hall-gateway", description="Drives everything physical in a governance hall.")
    top.add_argument("--version", action="version", version=VERSION)
    add = top.add_subparsers(title="verbs", required=True, metavar="VERB")
    for some in (_of_a_site, _simulate, _demo, _discover, _call, _conformance, _devices_and_alarms):
        some(add)
    nested.journal(add.add_parser("journal", help="verify, export and keep the journal"))
    nested.doors(add.add_parser("doors", help="report what happened at doors"))
    nested.persons(add.add_parser("persons", help="say and ask whose a card is"))
    _token(add)
    return top


def _of_a_site(add: Any) -> None:
    verb(add, "run", "gateway.running:run", "run the gateway of a site", site=True, overlays=True)
    verb(add, "check", "gateway.verbs:check", "find every mistake of a site file", site=True, overlays=True)
    verb(add, "drivers", "gateway.verbs:drivers", "list the installed drivers")
    schema = verb(
        add, "schema", "gateway.verbs:schema", "print the JSON Schema of the site file, or of one driver's section"
    )
    schema.add_argument("driver", nargs="?", metavar="DRIVER", help="as `hall-gateway drivers` lists it")


def _simulate(add: Any) -> None:
    simulate = verb(add, "simulate", "gateway.running:simulate", "stand in for every device of a site", site=True)
    simulate.add_argument("--overlay", type=Path, help="where to write the addresses (default: SITE.sim.yaml)")
    simulate.add_argument(
        "--control", type=arguments.port, default=8900, metavar="PORT", help="levers by HTTP (default: 8900)"
    )
    simulate.add_argument(
        "--base", type=arguments.ip, default="127.77.0.1", metavar="IP", help="the first address (default: %(default)s)"
    )
    simulate.add_argument("--world", type=Path, metavar="FILE", help="a scripted day that is played on the devices")
    simulate.add_argument(
        "--speed", type=arguments.speed, metavar="X", help="seconds of that day in one (default: the file's)"
    )
    of_gateway(simulate, "whose windows are called to in that day; without it nobody is called", default=None)
    field = "the field listener that simulated clients call (default: 127.0.0.1, and the port of http.field)"
    simulate.add_argument("--field", type=arguments.listener, metavar="HOST:PORT", help=field)
    simulate.add_argument("--tokens", type=Path, metavar="FILE", help="gets their keys (default: people.tokens)")


def _demo(add: Any) -> None:
    demo = verb(add, "demo", "gateway.running:demo", "run a whole simulated hall")
    demo.add_argument(
        "--for", dest="for_s", type=arguments.seconds, metavar="30s", help="end after this time, with a summary"
    )
    demo.add_argument("--port", type=arguments.port, default=8080, help="of the console (default: 8080)")
    brokers = ("auto", "mosquitto", "amqtt")
    demo.add_argument("--broker", choices=brokers, default="auto", help="auto: mosquitto where it is installed")


def _discover(add: Any) -> None:
    discover = verb(add, "discover", "gateway.discover:discover", "find devices that are in no site file yet")
    discover.add_argument("system", metavar="SYSTEM", help="what the names of its drivers begin with: access")
    everywhere = "ask there (repeatable; default: the broadcast address of every interface, the port of the system)"
    discover.add_argument(
        "--broadcast", type=arguments.place, action="append", default=[], metavar="ADDRESS[:PORT]", help=everywhere
    )
    discover.add_argument(
        "--timeout", type=arguments.patience, default=3.0, metavar="3s", help="how long answers are waited for"
    )


def _call(add: Any) -> None:
    call = verb(add, "call", "gateway.asking:call", "call a number to a window of a running gateway", api=True)
    call.add_argument("ticket", metavar="TICKET", help="the number, at most 32 characters")
    call.add_argument("window", metavar="WINDOW", help="the id of a window of the site file")


def _conformance(add: Any) -> None:
    proving = "prove that a running site takes calls as its documents say"
    conformance = verb(add, "conformance-queue", "gateway.asking:conformance_queue", proving)
    conformance.add_argument("url", metavar="URL", help="of the gateway, for example http://127.0.0.1:8080")
    alone = "a window that nobody else calls to meanwhile: its numbers are used up for the day"
    conformance.add_argument("--window", required=True, metavar="WINDOW", help=alone)
    conformance.add_argument("--token-file", type=Path, help="holds the token (default: the variable HALL_TOKEN)")
    conformance.add_argument("--aloud", action="store_true", help="also where its numbers are spoken in the hall")


def _devices_and_alarms(add: Any) -> None:
    verb(add, "devices", "gateway.asking:devices", "list the devices of a running gateway", api=True)
    alarms = verb(add, "alarms", "gateway.asking:alarms", "list, acknowledge and shelve alarms", api=True, first=ALARMS)
    alarms.add_argument("id", nargs="?", metavar="ALARM", help="its id, as the list tells it")
    alarms.add_argument("--reason", metavar="TEXT", help=REASON)
    seen = "of ack: the one that you saw, as the list tells it (default: the one that stands now)"
    alarms.add_argument("--occurrence", type=int, metavar="N", help=seen)
    alarms.add_argument(
        "--for", dest="for_s", type=arguments.on_shelf, default=3600.0, metavar="60m", help="of shelve: how long"
    )


def _token(add: Any) -> None:
    token = verb(add, "token", "gateway.verbs:token", "make, list and revoke API tokens", site=True, first=TOKEN)
    token.add_argument("name", nargs="?", metavar="NAME", help="of the token: 1 to 64 characters, shown in the audit")
    roles = [role.value for role in Role]
    rights = "what it may do (default: %(default)s, look and call numbers); docs/reference/people.md tells the others"
    token.add_argument("--role", type=arguments.role, choices=roles, default=Role.QUEUE.value, help=rights)
    token.add_argument("--screen", metavar="ID", help="the screen that a token of the role screen is for")
    token.add_argument("--zone", action="append", default=[], metavar="ZONE", help="good there only (repeatable)")
    token.add_argument("--expires", metavar="WHEN", help="90d, 12h, 30m, or the last day, 2026-12-31 (default: never)")


def _fail(options: argparse.Namespace, code: int, text: str, found: Mapping[str, Any]) -> int:
    """Say what went wrong: a sentence on the error output, or JSON on the output."""
    if options.json:
        sys.stdout.write(json.dumps({"ok": False, **found}, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(text + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
