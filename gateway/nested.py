"""The verbs of the command line that have verbs of their own: `journal …`, `doors …`, `persons …`."""

import argparse
from pathlib import Path

from gateway import arguments
from gateway.core.rights import REASON
from gateway.grammar import verb


def journal(parser: argparse.ArgumentParser) -> None:
    """`journal …`."""
    add = parser.add_subparsers(title="what to do", required=True, metavar="WHAT")
    verify = verb(add, "verify", "gateway.archive:verify", "prove that the journal is whole", site=True, overlays=True)
    anchors = "anchors that were collected elsewhere (repeatable)"
    verify.add_argument("--anchors", type=Path, action="append", default=[], metavar="FILE", help=anchors)
    export = verb(add, "export", "gateway.archive:export", "export rows as JSON lines", site=True, overlays=True)
    export.add_argument("--out", type=Path, metavar="FILE", help="write here, and a proof to FILE.proof.json")
    export.add_argument("--from", dest="since", type=arguments.moment, metavar="TIME", help="not before; RFC 3339")
    export.add_argument("--to", dest="until", type=arguments.moment, metavar="TIME", help="before; RFC 3339")
    export.add_argument("--type", metavar="TYPE", help="of the events, exactly")
    export.add_argument("--device", metavar="DEVICE", help="by its id")
    export.add_argument("--part", metavar="PART", help="of the device, by its id: a door")
    export.add_argument("--format", choices=("jsonl", "csv"), default="jsonl", help="csv is for spreadsheets")
    proving = verb(add, "verify-export", "gateway.archive:verify_export", "prove an exported file, without its store")
    proving.add_argument("file", type=Path, metavar="FILE", help="as export --out wrote it")
    proving.add_argument("--key", type=Path, metavar="FILE", help="holds the key; without it less is proven")
    verb(add, "days", "gateway.archive:days", "list the days, their rows and their seals", site=True, overlays=True)
    erase = verb(add, "erase", "gateway.archive:erase", "have a running gateway erase payloads for ever", site=True)
    erase.add_argument("--url", help="of the gateway (default: http.console of SITE)")
    erase.add_argument("--token-file", type=Path, help="holds the token (default: the variable HALL_TOKEN)")
    bring_up = "make the tables of the store, or bring them to this program's version"
    verb(add, "migrate", "gateway.archive:migrate", bring_up, site=True, overlays=True)
    which = erase.add_mutually_exclusive_group(required=True)
    which.add_argument("--seq", type=arguments.seq, metavar="SEQ", help="one record")
    which.add_argument("--call", metavar="CALL_ID", help="all that is recorded of a call")
    which.add_argument("--source", metavar="KEY", help="all whose source_key is KEY or begins with KEY/")
    which.add_argument("--person", metavar="PERSON", help="where somebody passed, by the pseudonym")
    erase.add_argument("--reason", required=True, metavar="TEXT", help=REASON)


def doors(parser: argparse.ArgumentParser) -> None:
    """`doors …`."""
    add = parser.add_subparsers(title="what to do", required=True, metavar="WHAT")
    telling = "tell what happened at every door on a day, or in a month"
    report = verb(add, "report", "gateway.door_report:report", telling, api=True)
    which = report.add_mutually_exclusive_group(required=True)
    which.add_argument("--day", type=arguments.day, metavar="DAY", help="of the site, such as 2026-11-22")
    which.add_argument("--month", type=arguments.month, metavar="MONTH", help="of the site, such as 2026-11")
    report.add_argument("--csv", action="store_true", help="print a table for spreadsheets")


def persons(parser: argparse.ArgumentParser) -> None:
    """`persons …`."""
    add = parser.add_subparsers(title="what to do", required=True, metavar="WHAT")
    load = verb(add, "import", "gateway.enrolment:load", "enrol the people of a CSV file", api=True)
    load.add_argument("file", type=Path, metavar="FILE", help="with the headings card or employee, name, department")
    load.add_argument("--dry-run", action="store_true", help="tell what would be done, and do nothing")
    verb(add, "list", "gateway.enrolment:listed", "list the people whose cards are known, masked", api=True)
    find = verb(
        add, "find", "gateway.enrolment:find", "find people by name, or by card:NUMBER or employee:NUMBER", api=True
    )
    find.add_argument("name", metavar="NAME", help="a part of it, or a card or employee number")
    unmask = verb(add, "unmask", "gateway.enrolment:unmask", "tell a whole name", api=True)
    forget = verb(add, "forget", "gateway.enrolment:forget", "delete what is known of somebody for ever", api=True)
    for each in (unmask, forget):
        each.add_argument("person", metavar="PERSON", help="the pseudonym, p-…")
    for each in (find, unmask, forget):
        each.add_argument("--reason", required=True, metavar="TEXT", help=REASON)
