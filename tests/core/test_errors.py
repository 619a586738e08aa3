"""Faults and errors are keys and values; what prints them in words is attached from outside."""

import pytest

from siteplan.core import errors
from siteplan.core.errors import Fault, InputFaults, RangeError, SiteplanError


@pytest.fixture(autouse=True)
def no_renderer(monkeypatch):
    monkeypatch.setattr(errors, "_renderers", [])


def test_without_words_a_fault_is_its_key_and_values():
    fault = Fault("warning", "villages.csv", "not_number", "not_number_fix", {"value": "abc"}, row=3)
    assert str(fault) == "not_number(value='abc')"


def test_without_words_an_error_is_its_key_and_values():
    assert str(SiteplanError("no_target", year=2023)) == "no_target(year=2023)"
    assert str(InputFaults([Fault("fatal", "a", "b", "c")])) == "input_faults(count=1)"


def test_a_renderer_gives_the_words_and_the_last_one_counts():
    errors.attach_renderer(lambda subject: "first")
    errors.attach_renderer(lambda subject: f"<{type(subject).__name__}>")
    assert str(SiteplanError("no_target", year=2023)) == "<SiteplanError>"
    assert str(Fault("fatal", "a", "b", "c")) == "<Fault>"


def test_a_formula_out_of_range_speaks_english_to_who_called_it():
    errors.attach_renderer(lambda subject: "words")
    assert str(RangeError("d must be 1 to 20 km, got 30")) == "d must be 1 to 20 km, got 30"
    assert isinstance(RangeError("x"), ValueError)
