"""Whether an article is about a company: it names it, or the vendor says so."""

import re
import unicodedata
from functools import lru_cache, partial

from stockanalyst.sentiment.articles import Article, Company
from stockanalyst.sentiment.tickers import holds_ticker, spellings

# Names that are ordinary words as well: they count only before a word of the second list.
_ORDINARY = frozenset(
    {
        "aeon", "affirm", "antofagasta", "arm", "ball", "block", "brambles", "bt", "canon",
        "carnival", "charter", "chewy", "cochlear", "coherent", "continental", "delta", "diploma",
        "disco", "dover", "dow", "eaton", "elastic", "eternal", "evolution", "flex", "fox",
        "fresnillo", "gap", "hess", "kingfisher", "lemonade", "leonardo", "metro", "mitsubishi",
        "mosaic", "nasdaq", "news", "next", "nifty", "olympus", "on holding", "orange", "pearson",
        "persimmon", "pool", "progressive", "prudential", "quantum computing",
        "rollins", "rumble", "santos", "sea", "severn", "sharp", "shell", "snap", "snowflake",
        "strategy", "tapestry", "target", "toast", "trent", "unity", "vale", "vinci", "visa",
        "waters", "whirlpool", "wise", "zoom",
    }
)  # fmt: skip
_FOLLOWERS = (
    r"inc|corp|co|plc|ltd|group|shares?|stock|ceo|cfo|chief|earnings|revenues?|sales|profits?"
    r"|results|dividend|guidance|investors|shareholders|executives?|employees|customers|stores?"
    r"|is|has|will|was|to|and|says?|said|plans|raises|lowers|cuts|beats|misses|tops|reports|posts"
    r"|rises?|rose|falls?|fell|gains|jumps|surges|soars|climbs|drops|slides|slips|sinks|plunges"
    r"|tumbles|rall(?:y|ies)|ends|closes|opens|launches|unveils|announces|agrees|buys|sells|wins"
    r"|loses|faces|sues|expects|warns|names|hires|settles|recalls|upgraded|downgraded|adds|appoints"
    r"|boosts|completes|declares|files|hit|publishes|schedules|sets|slashes|taps|q[1-4]"
)
# What stands after a name, or before it, where something else is meant.
_OTHERS = {
    "amazon": "rainforest|river|basin|deforestation|forest|jungle|tribe|drought|wildfire",
    "apple": "hospitality|bank|pie|cider|juice|sauce|tree|orchard|grower",
    "bitcoin": "cash",
    "brookfield": "asset",
    "coca-cola": "hbc|europacific",
    "fedex": "freight",
    "ford": "foundation|theat|hospital",
    "fresenius": "medical",
    "ge": "vernova|healthcare",
    "gm": "crop|food|seed|corn|maize|soy|wheat|rice|cotton|salmon|mosquito",
    "merck": "kgaa",
    "meta": "analys",
    "nestle": "india",
    "on semi": "annual|final|official|permanent",
    "oracle": "of omaha",
    "porsche": "automobil",
    "samsung": "sdi|biologics",
    "sbi": "life",
    "siemens": "energy|healthineers",
    "tata motors": "passenger|commercial",
}
_BEFORE = {
    "amazon": ("brazilian", "peruvian", "the"),
    "apple": ("adam's", "big", "candy", "fiona"),
    "ford": ("betty", "doug", "gerald", "glenn", "harrison", "premier", "tom"),
    "target": ("price",),
}
_THE_COMPANY = "the company"
_LEGAL = re.compile(
    r",?\s+(?:inc|corp|corporation|co|ltd|limited|plc|llc|ag|se|nv|sa|spa|ab|asa)\.?$",
    re.IGNORECASE,
)


def is_about(article: Article, company: Company) -> bool:
    """Whether an article counts for a company.

    It does if the vendor lists the company's symbol or, where it states a relevance for it, that is
    above 0; or if title or summary name it: by name or alias, capitalised; as ``$SYM`` or
    ``(NASDAQ: SYM)``; or by the bare ticker, which has "stock" or "shares" behind it where it may
    be another word, as ``T``, ``ON`` and ``COST`` are.
    """
    listed = not spellings(company.symbol).isdisjoint(article.symbols)
    if listed if article.relevance is None else article.relevance > 0:
        return True
    text = _plain(f"{article.title}\n{article.summary}")
    return holds_ticker(company.symbol, text) or any(
        _is_name(name, found)
        for name, pattern in _name_patterns(company)
        for found in pattern.finditer(text)
    )


def nameless(text: str, company: Company) -> str:
    """The text with "the company" in place of its name and aliases."""
    text = _plain(text)
    for name, pattern in sorted(_name_patterns(company), key=lambda each: -len(each[0])):
        text = pattern.sub(partial(_replaced, name), text)
    return text


def _replaced(name: str, found: re.Match[str]) -> str:
    return _THE_COMPANY if _is_name(name, found) else found.group()


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("’", "'")


def _is_name(name: str, found: re.Match[str]) -> bool:
    """Whether what was found is spelt so or, if it isn't an abbreviation, with a capital."""
    return found.group() == name or (not name.isupper() and not found.group()[0].islower())


@lru_cache(maxsize=256)
def _name_patterns(company: Company) -> tuple[tuple[str, re.Pattern[str]], ...]:
    names = dict.fromkeys(filter(None, (company.name, *company.aliases)))
    stripped = [_LEGAL.sub("", name) for name in names]
    names |= dict.fromkeys(name for name in stripped if name.lower() not in _ORDINARY)
    return tuple((name, _name_pattern(name.replace("’", "'"))) for name in names)


def _name_pattern(name: str) -> re.Pattern[str]:
    words = r"[\s-]+".join(re.escape(word) for word in re.split(r"[\s-]+", name))
    words = re.sub("(?i)company$", "Co(?:mpany)?", words)
    words += r"\.?" if _LEGAL.search(name) else ""
    after = r"(?!\w)"
    if name.lower() in _ORDINARY:
        after = rf"(?='s\b|\s+(?:{_FOLLOWERS})\b)"
    elif other := _OTHERS.get(name.lower()):
        after = rf"(?!\w|[\s-]+(?:{other}))"
    before = "".join(rf"(?<!\b{re.escape(word)}\s)" for word in _BEFORE.get(name.lower(), ()))
    return re.compile(rf"(?<![\w$]){before}{words}{after}", re.IGNORECASE)
