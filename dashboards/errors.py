"""What a person is told when something went wrong."""

import logging

from stockanalyst.exceptions import StockAnalystError

_UNEXPECTED = (
    "Something went wrong here, and it isn't your input: please try again, and tell whoever runs "
    "this page if it happens again; the reason stands in the server's log."
)
_log = logging.getLogger(__name__)


def sentence(error: Exception) -> str:
    """One line that says what to do; the log keeps what no person should have to read."""
    if isinstance(error, StockAnalystError):
        return str(error)
    _log.error("unexpected error on a page", exc_info=error)
    return _UNEXPECTED
