"""The contract suite says in a sentence what is wrong with a case."""

import pytest
from hall_contract.case import Ask, Case, Pull
from hall_contract.cases.invented import LAMP, Controller
from hall_contract.sound import mistakes

RED = Ask(*LAMP, {"colour": "red", "percent": 40})
NAME = "test.controller"


class Twice(Case):
    """Tells next to nothing."""

    driver = NAME
    command, refuse = Controller.command, Controller.refuse
    section, did = Controller.section, Controller.did


def no_section(*_: object, **__: object) -> dict[str, int]:
    return {"port": 1}


def test_nothing_is_wrong_with_a_case_that_is_right() -> None:
    assert mistakes(Controller()) == []


def test_what_was_forgotten_is_named() -> None:
    assert mistakes(Twice()) == ["Twice.notices_s is missing: see hall_contract/case.py"]


@pytest.mark.parametrize(
    ("member", "value", "sentence"),
    [
        ("driver", "test.lost", "test.lost: no driver 'test.lost'"),
        (
            "refuse",
            Pull("rejct", {}),
            f"{NAME}: refuse: its box has no lever 'rejct' (did you mean 'reject'?); it has: ",
        ),
        (
            "refuse",
            Pull("reject", {"cuont": 1}),
            f"{NAME}: refuse: lever reject: unknown key 'cuont' (did you mean 'count'?); allowed: count",
        ),
        ("command", Ask("opn", None, {}), f"{NAME}: the driver declares no verb 'opn'; it declares: "),
        ("command", None, f"{NAME}: command is missing: the driver declares the verb 'force'"),
        ("refuse", None, f"{NAME}: refuse is missing: the driver declares the verb 'force'"),
        ("wishes", None, f"{NAME}: wishes is missing: the driver declares the desired verb 'light'"),
        ("wishes", (RED, RED), f"{NAME}: wishes[0] must differ from wishes[1] and from command"),
        ("command", RED, f"{NAME}: wishes[0] must differ from wishes[1] and from command"),
        ("wishes", (RED, Controller.command), f"{NAME}: wishes must be two asks of one desired verb; desired: light"),
        ("wishes", (RED, Ask(LAMP[0], "lamp-2", {})), f"{NAME}: wishes must be two asks of one desired verb"),
        ("section", no_section, f"{NAME}: section() gives what the driver does not take: "),
    ],
)
def test_what_is_wrong_is_one_sentence(
    member: str, value: object, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Controller, member, value)
    (told,) = mistakes(Controller())
    assert told.startswith(sentence)
