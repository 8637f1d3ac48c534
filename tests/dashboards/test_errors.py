"""What a person is told, and what the log keeps."""

import logging

import pytest

from dashboards.errors import sentence
from stockanalyst.exceptions import InvalidSymbol


def test_an_error_of_the_package_speaks_for_itself(caplog: pytest.LogCaptureFixture) -> None:
    assert sentence(InvalidSymbol("X Y", "isn't a ticker")) == "symbol 'X Y': isn't a ticker"
    assert not caplog.records


def test_anything_else_is_a_plain_sentence_and_a_record(caplog: pytest.LogCaptureFixture) -> None:
    error = KeyError("secret-path")
    said = sentence(error)
    assert "secret-path" not in said
    assert "KeyError" not in said
    assert "\n" not in said
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert record.exc_info[1] is error
