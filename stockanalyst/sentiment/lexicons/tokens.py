"""Text in pieces: words, amounts, cashtags, punctuation and emoji."""

import re
from typing import NamedTuple

LIMIT = 20_000
"""Characters that are read of a text: headlines, posts and summaries are shorter."""

_CURRENCY = r"eur|usd|gbp|sek|dkk|nok|chf|inr|rs\.?|us\$|c\$|a\$|hk\$|[$€£¥₹]"
_UNIT = (
    "pct|percent|per cent|pc|meur|mln|mio|mn|m|millions?|bln|bn|billion|b|trillion|tn|thousand|k"
    "|lakhs?|crores?|cr|x|bps"
)
_NUMBER = r"\d[\d,]*(?: ?\.\d+)?"
_COUNTED = rf" ?(?:%|(?:{_UNIT})\b)|[cp¢](?!\.m)"
_TOKEN = re.compile(
    r"https?://\S+|www\.\S+|[@#$][a-z][\w.]*"
    r"|(?:[a-z]\.){2,}"
    rf"|(?<![\w.,%¢])[+\-−–]?(?:(?:{_CURRENCY}) ?)?{_NUMBER}(?:{_COUNTED})?(?!\w)"
    r"|[^\W\d_]+(?:['&][^\W\d_]+)*"
    r"|[.!?;](?=\s|$)|[,:()]|[\U0001F300-\U0001FAFF\u2600-\u27BF\u2B00-\u2BFF]"
)
ABBREVIATIONS = (
    "adj", "approx", "aug", "bros", "co", "corp", "dec", "dr", "est", "ests", "feb", "gov", "inc",
    "jan", "jr", "ltd", "mr", "mrs", "ms", "nov", "oct", "rev", "revs", "sen", "sep", "sept", "sr",
    "st", "vs",
)  # fmt: skip
"""Words whose full stop doesn't end a sentence."""
_NO_END = re.compile(
    rf"\b({'|'.join(ABBREVIATIONS)}|no(?=\. \d))\.|;(?= (?:vs|ests?|consensus|analysts)\b)"
)
_AMOUNT = re.compile(rf"([+\-−–]?)({_CURRENCY})? ?({_NUMBER}) ?(\D*)")
_MULTIPLES = {
    "k thousand": 1e3,
    "lakh lakhs": 1e5,
    "m mn mln mio meur million millions": 1e6,
    "cr crore crores": 1e7,
    "b bn bln billion": 1e9,
    "tn trillion": 1e12,
}
_UNITS = {unit: size for units, size in _MULTIPLES.items() for unit in units.split()}
_PERCENT = frozenset({"%", "pct", "percent", "per cent", "pc"})
_CURRENCIES = {
    name: sign
    for sign, names in {
        "€": "€ eur euro euros",
        "$": "$ us$ usd dollars",
        "£": "£ gbp pounds",
        "₹": "₹ rs rs. inr rupees",
        "¥": "¥ yen",
        "kr": "sek skr dkk nok",
        "c": "c ¢ cents",
        "p": "p pence",
    }.items()
    for name in names.split()
}
_MINUS = ("-", "−", "–")
_YEARS, _DIGITS_OF_A_YEAR = range(1900, 2101), 4


class Amount(NamedTuple):
    """A number in a text.

    Attributes
    ----------
    value : float
        In units: 3 mn is 3,000,000; 5 % is 5.
    unit : str
        ``%``, a currency's sign, or nothing.
    sign : str
        ``+`` or ``-`` where one stands before a percentage: a change.
    multiple : float
        What its digits are counted in: of 3 mn 1,000,000.
    """

    value: float
    unit: str
    sign: str
    multiple: float


def tokens_of(text: str) -> list[str]:
    """The pieces of a text's first :data:`LIMIT` characters, in lower case."""
    lowered = text[:LIMIT].lower().replace("’", "'").replace("'s ", " ")
    return _TOKEN.findall(_NO_END.sub(r"\1", lowered))


def amount_at(tokens: list[str], place: int) -> Amount | None:
    """The amount at a place; None where there is none, or a year."""
    found = _AMOUNT.fullmatch(tokens[place])
    if found is None:
        return None
    sign, currency, digits, unit = found.groups()
    multiple = _UNITS.get(unit, 1.0)
    value = float(digits.replace(",", "").replace(" ", "")) * multiple
    if unit in _PERCENT:
        return Amount(value, "%", "-" if sign in _MINUS else sign, 1.0)
    money = _CURRENCIES.get(currency or unit, "") or _currency_beside(tokens, place)
    if not money and not unit and len(digits) == _DIGITS_OF_A_YEAR and value in _YEARS:
        return None
    return Amount(-value if sign in _MINUS else value, money, "", multiple)


def names_currency(tokens: list[str], place: int) -> bool:
    """Whether the word there only says what an amount beside it is counted in."""
    if tokens[place] not in _CURRENCIES:
        return False
    beside = tokens[max(place - 1, 0) : place] + tokens[place + 1 : place + 2]
    return any(_AMOUNT.fullmatch(token) for token in beside)


def _currency_beside(tokens: list[str], place: int) -> str:
    beside = tokens[place + 1 : place + 2] + tokens[max(place - 1, 0) : place]
    return next((_CURRENCIES[token] for token in beside if token in _CURRENCIES), "")
