"""What accounts hold: currencies and securities, counted in whole minor units, without a float."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Literal

from stockanalyst.exceptions import InputError, did_you_mean

SECURITY_SCALE = 8
"""Decimals of a unit of a security."""
MOST = 2**62
"""Minor units in one amount: half of what a 64-bit integer holds."""
EXACT = Context(prec=100)
"""For all arithmetic: the usual 28 digits would round, and a caller may have fewer."""

_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN "
    "BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP "
    "GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL "
    "MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK "
    "PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB "
    "TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG",
    3: "BHD IQD JOD KWD LYD OMR TND",
}
_CURRENCIES = {code: scale for scale, codes in _DECIMALS.items() for code in codes.split()}


@dataclass(frozen=True, slots=True)
class Commodity:
    """A currency or a security.

    Attributes
    ----------
    kind : str
        ``currency`` or ``security``; a security may have a currency's code, as ``ALL`` has.
    code : str
        ISO 4217, or the symbol.
    scale : int
        Decimals of its minor unit.
    """

    kind: Literal["currency", "security"]
    code: str
    scale: int


def currency(code: object) -> Commodity:
    """A currency of ISO 4217, by its code in any case.

    Raises
    ------
    InputError
        It is none.
    """
    known = code.strip().upper() if isinstance(code, str) and code.isascii() else ""
    if known not in _CURRENCIES:
        hint = did_you_mean(known, _CURRENCIES)
        raise InputError("currency", code, f"{hint} give a code of ISO 4217 such as USD".strip())
    return Commodity("currency", known, _CURRENCIES[known])


def security(symbol: str) -> Commodity:
    """The security of a symbol that :func:`stockanalyst.market.symbols.parse_symbol` gave."""
    return Commodity("security", symbol, SECURITY_SCALE)


def minor_units(value: object, commodity: Commodity, parameter: str) -> int:
    """A positive amount in minor units, exactly.

    Parameters
    ----------
    value : Decimal, int or str
        In major units.
    commodity : Commodity
    parameter : str
        Its name, for the error.

    Raises
    ------
    InputError
        A float, no number, zero or less, too large, or with more decimals than the commodity has.
    """
    amount = exact(value, parameter).scaleb(commodity.scale, EXACT)
    if amount <= 0:
        raise InputError(parameter, value, "give an amount above zero")
    if amount >= MOST:
        raise InputError(parameter, value, "is too large")
    if amount != amount.to_integral_value():
        mend = f"{commodity.code} has {commodity.scale} decimals; round it"
        raise InputError(parameter, value, mend)
    return int(amount)


def exact(value: object, parameter: str) -> Decimal:
    """A finite decimal number, exactly.

    Parameters
    ----------
    value : Decimal, int or str
    parameter : str

    Raises
    ------
    InputError
        A float, or no finite number of at most 40 digits.
    """
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise InputError(parameter, value, "give a Decimal, a whole number or a text: exact money")
    plain = not isinstance(value, str) or (value.isascii() and "_" not in value)
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value) if plain else None
    except InvalidOperation:
        number = None
    if number is None:
        raise InputError(parameter, value, "isn't a number such as 12.50")
    if not number.is_finite() or len(number.as_tuple().digits) > 40 or abs(number.adjusted()) > 40:
        raise InputError(parameter, value, "give a finite number of at most 40 digits")
    return number


def major_units(amount: int, commodity: Commodity) -> Decimal:
    """The amount as people write it, with all decimals of the commodity."""
    return Decimal(amount).scaleb(-commodity.scale, EXACT)


def product(units: int, price: Decimal, money: Commodity) -> int:
    """Units of a security times a price, in minor units of the money, half rounded up."""
    value = EXACT.multiply(Decimal(units), price)
    return int(value.scaleb(money.scale - SECURITY_SCALE, EXACT).to_integral_value(ROUND_HALF_UP))
