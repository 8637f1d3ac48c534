"""Keys taken out of text, and out of what the HTTP library logs."""

import html
import json
import logging
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

HIDDEN = "***"
_LOGGERS = ("connection", "connectionpool", "poolmanager", "response", "util.retry")


def redacted(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of `secrets`, as they are or as URLs, JSON and HTML write them."""
    spellings = {spelling for secret in secrets for spelling in _spellings(secret) if spelling}
    if not spellings:
        return text
    longest_first = sorted(spellings, key=lambda spelling: (-len(spelling), spelling))
    return re.sub("|".join(map(re.escape, longest_first)), HIDDEN, text, flags=re.IGNORECASE)


def hide_from_logs(secret: str) -> None:
    """From now on `secret` is in no record of urllib3's, which tells of URLs at level DEBUG."""
    if secret not in _LOGGED.secrets:
        _LOGGED.secrets = _LOGGED.secrets | {secret}


def _spellings(secret: str) -> tuple[str, ...]:
    as_json = json.dumps(secret)[1:-1]
    return (
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        quote(quote(secret, safe=""), safe=""),
        quote(quote(secret), safe=""),
        as_json,
        as_json.replace("/", r"\/"),
        html.escape(secret),
    )


class _Redaction(logging.Filter):
    def __init__(self) -> None:
        super().__init__()
        self.secrets: frozenset[str] = frozenset()

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redacted(record.getMessage(), self.secrets), ()
        if record.exc_info:
            told = logging.Formatter().formatException(record.exc_info)
            record.exc_text, record.exc_info = redacted(told, self.secrets), None
        return True


_LOGGED = _Redaction()
for _name in _LOGGERS:
    logging.getLogger(f"urllib3.{_name}").addFilter(_LOGGED)
