"""A driver without a case fails the build."""

from hall_contract.case import Case

from gateway import registry


def test_every_driver_has_a_case(cases: list[Case]) -> None:
    assert sorted({case.driver for case in cases}) == registry.driver_names()
