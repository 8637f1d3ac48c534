"""What is asked of a vendor by HTTP, and what comes back."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property

_HEAD = 2000  # characters of a page that hold its title
_CHALLENGE = re.compile(r"<title[^>]*>\s*just a moment")  # of Cloudflare's page


@dataclass(frozen=True)
class Request:
    """A question; its parameters and headers may hold a key.

    Attributes
    ----------
    url : str
    parameters, headers : mapping
    follows : bool
        Whether a redirection may be followed.
    """

    url: str
    parameters: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    follows: bool = False


@dataclass(frozen=True)
class Answer:
    """What a vendor said.

    Attributes
    ----------
    status : int
        Of HTTP.
    text : str
        The body. A vendor may repeat the key in it: show it through ``VendorClient.shown``.
    headers : mapping
        By lower-case name.
    """

    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def payload(self) -> object:
        """The body as JSON; None where it is none, such as an error in plain text."""
        try:
            payload: object = json.loads(self.text)
        except (ValueError, RecursionError):
            return None
        return payload

    @property
    def page_head(self) -> str:
        """Of a page of HTML, as far as its title, in small letters; empty for any other body."""
        head = self.text[:_HEAD].strip().lower()
        return head if head.startswith(("<!doctype html", "<html")) else ""

    @property
    def is_challenge(self) -> bool:
        """Whether it asks for a proof that a person is there, which isn't to be got around."""
        return "cf-mitigated" in self.headers or bool(_CHALLENGE.search(self.page_head))

    @property
    def retry_after(self) -> float:
        """Seconds that the vendor asks to wait; 0 where it doesn't say, or can't be understood."""
        text = self.headers.get("retry-after", "").strip()
        if not text:
            return 0.0
        if text.isascii() and text.isdigit():
            return float(text[:9])
        # By the vendor's own clock, for ours may differ.
        then, now = _moment(text), _moment(self.headers.get("date", ""))
        return max((then - now).total_seconds(), 0.0) if then and now else 0.0


@dataclass(frozen=True)
class Fault:
    """Why there is no answer.

    Attributes
    ----------
    reason : str
        Without the URL.
    again : bool
        Whether the same request may do.
    counted : bool
        Whether there was a connection, so that the vendor may have counted the request.
    payload : bool
        Whether the vendor answered, and it is the answer that can't be taken.
    """

    reason: str
    again: bool = False
    counted: bool = True
    payload: bool = False


def _moment(text: str) -> datetime | None:
    """Of a date by RFC 1123; None where it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
