"""Keys that are lent to simulated screens."""

from pathlib import Path

from gateway.people.lent import lent_keys
from gateway.people.tokens import MOST_NAME, Tokens


def test_two_who_lend_from_one_file_leave_each_other_s_keys_alone(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "tokens.json")
    with lent_keys(tokens.path, "127.77.0.1:8900") as one:
        first = one("tv")
        with lent_keys(tokens.path, "127.78.0.1:8901") as other:
            second = other("tv")
            assert tokens.who(first)
            assert tokens.who(second)
        assert tokens.who(first)
        assert not tokens.who(second)
    assert tokens.entries() == []


def test_a_run_replaces_the_keys_that_one_of_the_same_name_left(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "tokens.json")
    with lent_keys(tokens.path, "127.77.0.1:8900") as killed:
        left = killed("tv")
        with lent_keys(tokens.path, "127.77.0.1:8900") as again:
            assert tokens.who(again("tv"))
            assert not tokens.who(left)


def test_screens_with_long_ids_have_a_key_each(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "tokens.json")
    with lent_keys(tokens.path, "127.77.100.100:65535") as key:
        keys = [key("s" * 63 + end) for end in "ab"]
        assert all(map(tokens.who, keys))
        assert all(len(entry.name) <= MOST_NAME for entry in tokens.entries())
