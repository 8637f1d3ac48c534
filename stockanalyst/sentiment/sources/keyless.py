"""Vendors that want no key: what they refuse, they refuse to programs."""

import re
from collections.abc import Mapping

from stockanalyst.infra.answers import Answer
from stockanalyst.infra.http import VendorClient, is_busy
from stockanalyst.sentiment.sources.reading import refusal

_KINDS = {401: "blocked", 402: "http_error", 403: "blocked", 404: "http_error", 451: "blocked"}
_CHALLENGE = re.compile(r"<title[^>]*>\s*before you continue")  # of Google's page
_BUSY = "too many requests"
_REFUSAL = "unusual traffic"  # so Google says it, far below the page's head


def answer_of(
    client: VendorClient,
    url: str,
    parameters: Mapping[str, str],
    *,
    headers: Mapping[str, str] | None = None,
    missing: str = "http_error",
) -> Answer:
    """The answer of HTTP 200 that isn't a refusal in disguise.

    Parameters
    ----------
    client : VendorClient
    url : str
    parameters, headers : mapping
    missing : str
        The kind of HTTP 404.

    Raises
    ------
    SourceError
        ``blocked`` for a challenge to browsers too, which is not to be got around.
    """
    answer = client.get(url, parameters, headers=headers, busy=_may_do_later)
    check(client, answer, missing=missing)
    return answer


def check(client: VendorClient, answer: Answer, *, missing: str = "http_error") -> None:
    """Nothing, of an answer of HTTP 200 that isn't a refusal in disguise; see :func:`answer_of`."""
    kind = _said(answer) or {**_KINDS, 404: missing}.get(answer.status)
    if kind or answer.status != 200:
        raise refusal(client, answer, kind)


def _may_do_later(answer: Answer) -> bool:
    return is_busy(answer) and _said(answer) != "blocked"


def _said(answer: Answer) -> str | None:
    """What a page says that isn't in its status."""
    if answer.text.lstrip()[: len(_BUSY)].lower() == _BUSY:
        return "rate_limited"
    head = answer.page_head
    if not head:
        return None
    whole = head if answer.status == 200 else answer.text.lower()  # which may be a page of news
    return "blocked" if _CHALLENGE.search(head) or _REFUSAL in whole else None
