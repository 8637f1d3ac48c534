"""Whether an article is about a company: it names it, or the vendor says so."""

import re
import unicodedata
from functools import lru_cache

from stockanalyst.sentiment.articles import Article, Company
from stockanalyst.sentiment.tickers import holds_ticker, spellings

# Names that are ordinary words as well: they count only before a word of the second list.
_ORDINARY = frozenset(
    {
        "block", "carnival", "charter", "delta", "dow", "gap", "nifty", "progressive", "shell",
        "snap", "target", "unity", "visa", "zoom",
    }
)  # fmt: skip
_FOLLOWERS = (
    r"inc|corp|co|plc|ltd|group|shares?|stock|ceo|cfo|chief|earnings|revenues?|sales|profits?"
    r"|results|dividend|guidance|investors|shareholders|executives?|employees|customers|stores?"
    r"|is|has|will|was|to|and|says?|said|plans|raises|lowers|cuts|beats|misses|tops|reports|posts"
    r"|rises?|rose|falls?|fell|gains|jumps|surges|soars|climbs|drops|slides|slips|sinks|plunges"
    r"|tumbles|rall(?:y|ies)|ends|closes|opens|launches|unveils|announces|agrees|buys|sells|wins"
    r"|loses|faces|sues|expects|warns|names|hires|settles|recalls|upgraded|downgraded"
)
# What follows a name where something else is meant.
_OTHERS = {
    "amazon": "rainforest|river|basin",
    "apple": "hospitality|bank|pie",
    "meta": "analys",
    "oracle": "of omaha",
}
_LEGAL = re.compile(
    r",?\s+(?:inc|corp|corporation|co|ltd|limited|plc|llc|ag|se|nv|sa|spa|ab|asa)\.?$",
    re.IGNORECASE,
)


def is_about(article: Article, company: Company) -> bool:
    """Whether an article counts for a company.

    It does if the vendor lists the company's symbol or states a relevance for it, or if title or
    summary name it: by name or alias, capitalised; as ``$SYM`` or ``(NASDAQ: SYM)``; or by the bare
    ticker, unless that may be another word, as ``T``, ``ON`` and ``ALL`` are.
    """
    if article.relevance is not None or not spellings(company.symbol).isdisjoint(article.symbols):
        return True
    text = unicodedata.normalize("NFKC", f"{article.title}\n{article.summary}").replace("’", "'")
    return holds_ticker(company.symbol, text) or any(
        _names(name, pattern, text) for name, pattern in _name_patterns(company)
    )


def _names(name: str, pattern: re.Pattern[str], text: str) -> bool:
    """Whether a text has a name, spelt so or, if it isn't an abbreviation, with a capital."""
    return any(
        found.group() == name or (not name.isupper() and not found.group()[0].islower())
        for found in pattern.finditer(text)
    )


@lru_cache(maxsize=256)
def _name_patterns(company: Company) -> tuple[tuple[str, re.Pattern[str]], ...]:
    names = dict.fromkeys(filter(None, (company.name, *company.aliases)))
    stripped = [_LEGAL.sub("", name) for name in names]
    names |= dict.fromkeys(name for name in stripped if name.lower() not in _ORDINARY)
    return tuple((name, _name_pattern(name.replace("’", "'"))) for name in names)


def _name_pattern(name: str) -> re.Pattern[str]:
    words = r"[\s-]+".join(re.escape(word) for word in re.split(r"[\s-]+", name))
    after = r"(?!\w)"
    if name.lower() in _ORDINARY:
        after = rf"(?='s\b|\s+(?:{_FOLLOWERS})\b)"
    elif other := _OTHERS.get(name.lower()):
        after = rf"(?!\w|[\s-]+(?:{other}))"
    return re.compile(rf"(?<![\w$])(?<!price\s){words}{after}", re.IGNORECASE)
