"""How headlines and vendors spell a ticker, and which tickers are words as well."""

import re
from functools import lru_cache

from stockanalyst.market.vendors import alpha_vantage_code, eodhd_code

# Tickers that a headline may hold as a word or as an abbreviation of something else.
_WORDS_TEXT = """
ACT ADD AGE AGO AID AIM AIR ALL ALLY AND ANY API APP ARE ARM ART ASK ATM AWAY BABY BACK BALL BAND
BANK BAR BARK BASE BEAM BEAR BEAT BEE BEST BETA BIG BILL BIT BLUE BOLD BOND BOOM BOSS BOX BOY BRO
BUG BULL BUS BUY BYE CAFE CAKE CALL CALM CAN CAP CAR CARE CARS CASH CAT CEO CFO CHEF CITY COAL
COIN COLD COMB COOK COOL COP COST CPI CPU CREW CRM CROX CUBE CURE CUT DASH DATA DATE DAY DEAL DEBT
DESK DIE DNA DOG DOLE DOT DOW DRUG DUE EARN EASY EAT EDIT ELSE END EPS ESG ETF EUR EVER EVIL EYE
FACT FARM FAST FAT FDA FED FILL FIRE FIT FIVE FIX FLEX FLOW FLY FOLD FOR FORM FOUR FREE FROG FUEL
FUN FUND GAIN GAME GAP GAS GATE GBP GDP GLAD GLOW GOLD GOLF GOOD GPS GPU GREEN GRID GROW GULF HAS
HEAR HEAT HELP HERO HIGH HIT HOME HOOD HOPE HOT HOUR HUGE HUT ICE IDEA INN IOT IPO IRS JACK JOB
JOBS JUST KEEP KEY KIDS KIND KING LAB LAKE LAND LAW LEAD LED LESS LIFE LIKE LINE LINK LION LIVE
LNG LOAD LOAN LOCK LOT LOVE LOW LUNG MAIN MAN MARK MARKET MASS MAX MAY MEDS MEET MET MIND MINT MOD
MOM MOON MORE MOVE NET NEW NEWS NEXT NICE NINE NOT NOTE NOW NYSE OIL OLD ONE ONLY OPEN OUR OUT OWN
PACK PAID PART PATH PAY PEAK PEN PET PICK PLAN PLAY PLUG PLUS POOL PORT POST PRO PUMP PUSH RACE
RAIL RAMP RARE RATE READ REAL RED REIT RENT REST RICH RIDE RING RISE RISK RNA ROAD ROCK ROLL ROOM
ROOT RUN SAFE SAGE SAIL SALE SAVE SAY SEA SEAT SEC SEE SELF SELL SEND SHIP SHOP SHOW SIGN SIX SKIN
SKY SLOW SNAP SNOW SOLO SON SONG SPOT SSD STAR STAY STEM STEP STOP SUM SUN SURE SWIM TALK TAP TAX
TEAM TECH TELL TEN TEST THE TIGER TILE TIME TIP TOP TOWN TOY TREE TRIP TRUE TRY TWO UNIT USA USB
USD USE VAL VALUE VAN VERY VIEW VIP VOTE WALK WALL WANT WAR WARM WAS WASH WAVE WAY WEAR WELL WEST
WHO WHY WIN WINE WISH WOLF WOOD WORD WORK YEAR YES YET YOU ZERO ZONE ZOOM
"""
_WORDS = frozenset(_WORDS_TEXT.split())
# Words and abbreviations in capitals that stand before "stock" or "shares" and name no company.
_KINDS_OF_SHARES = frozenset(
    {
        "A", "AI", "ALL", "ANY", "B", "BEST", "BIG", "BUY", "CEO", "CFO", "CHIP", "ESG", "ETF",
        "EU", "EV", "FREE", "GREEN", "H", "HOT", "IPO", "IT", "MORE", "NEW", "NO", "OLD", "ONE",
        "OUR", "PC", "REIT", "SELL", "TECH", "TOP", "TV", "TWO", "UK", "US", "USA", "VALUE",
    }
)  # fmt: skip
# Tickers of one company's other shares.
_TWINS = {"BRK-A": "BRK-B", "BRK-B": "BRK-A", "GOOG": "GOOGL", "GOOGL": "GOOG"}
_US_VENUES = (
    r"nasdaq(?:gs|gm|cm)?|nyse(?:\s?(?:american|arca|mkt))?|amex|cboe|bats|otc(?:qx|qb|pk|mkts)?"
)
# Yahoo's suffix -> how headlines write the exchange.
_VENUES = {
    "AS": "AMS", "AX": "ASX", "BO": "BSE|BOM", "CO": "CPH", "DE": "XETRA|ETR|FRA",
    "HK": "HKG|HKEX|SEHK", "KS": "KRX", "L": "LSE|LON", "MC": "BME", "MI": "BIT", "NS": "NSE",
    "PA": "EPA", "SW": "SWX|SIX", "T": "TSE|TYO", "TO": "TSX",
}  # fmt: skip


def is_ambiguous(symbol: str) -> bool:
    """Whether a ticker, standing alone in a text, may be something else: ``T``, ``ON``, ``ALL``."""
    return len(symbol) < 3 or symbol in _WORDS or not symbol.isalpha()


@lru_cache(maxsize=256)
def spellings(symbol: str) -> frozenset[str]:
    """A symbol as vendors list it: for ``BRK-B`` also ``BRK.B`` and ``BRK-B.US``."""
    coin, _, money = symbol.partition("-")
    coins = {f"CRYPTO:{coin}"} if money == "USD" else set()
    codes = {eodhd_code(symbol), alpha_vantage_code(symbol) or symbol}
    return frozenset({symbol, symbol.replace("-", "."), *codes, *coins})


def holds_ticker(symbol: str, text: str) -> bool:
    """Whether a text has a ticker in a form that can be nothing else.

    That is ``$SYM``, the exchange with it as in ``(NASDAQ: SYM)``, Yahoo's spelling of a foreign
    one, and, unless all is in capitals, the bare ticker: where :func:`is_ambiguous`, only before
    "stock" or "shares". That of the company's other shares does as well.
    """
    return any(
        certain.search(text) or (bare and not text.isupper() and bare.search(text))
        for certain, bare in map(_patterns, filter(None, (symbol, _TWINS.get(symbol))))
    )


def _parts(symbol: str) -> tuple[str, str]:
    """Stem, and how its exchange is written; without a suffix the whole and nothing."""
    stem, _, suffix = symbol.rpartition(".")
    return (stem, _VENUES[suffix]) if stem and suffix in _VENUES else (symbol, "")


@lru_cache(maxsize=256)
def _patterns(symbol: str) -> tuple[re.Pattern[str], re.Pattern[str] | None]:
    stem, venues = _parts(symbol)
    spelt, whole = (re.escape(text).replace(r"\-", "[-./]") for text in (stem, symbol))
    end = r"(?![\w$]|[-.&]\w)"
    listed = rf"\b(?i:{venues or _US_VENUES})\s?:\s?(?:[A-Z.]{{1,6}}\s?[,;/]\s?){{0,4}}{spelt}{end}"
    certain = rf"(?<![\w$])\${whole}{end}|{listed}"
    if not symbol.isalnum():
        certain += rf"|(?<![\w$.]){whole}{end}"
    return re.compile(certain), _bare(symbol, rf"{spelt}{end}")


def _bare(symbol: str, spelt: str) -> re.Pattern[str] | None:
    if not is_ambiguous(symbol):
        return re.compile(rf"(?<![\w$&.-]){spelt}")
    if not symbol.isalpha() or symbol in _KINDS_OF_SHARES:
        return None
    before = r"(?:^|(?<=[a-z,;:] ))(?<!(?i:class) )(?<!(?i:series) )"
    return re.compile(rf"{before}{spelt}(?= (?:[Ss]tock|[Ss]hares)\b)", re.MULTILINE)
