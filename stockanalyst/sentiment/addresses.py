"""Addresses of web pages that lead to one article are made one address."""

import re
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

# Parameters that tell where a reader came from, not what is read.
_TRACKING = re.compile(
    r"utm_.*|.*clk?id|[gw]braid|gclsrc|_ga|_gl|mc_[ce]id|_hs(enc|mi)|li_fat_id|mkt_tok|igsh(id)?"
    r"|guc(counter|e_.*)|\.?tsrc|yptr|soc_.*|__source|sref|srnd|reflink|cid|amp_js_v|usqp"
    r"|src|ref|ref_.*|referrer|cmp|cmpid|ncid|ocid|icid|smid|smtyp|taid|mod|siteid|partner|via"
    r"|feedtype|feedname|rss|oc|amp|outputtype|__twitter_impression|fr|sh|share|s_cid|xtor|at_.*",
    re.IGNORECASE,
)
_HOST = re.compile(r"^(www\d?|m|mobile|amp)\.(?=[^.]+\.)")
_AMP_CACHE = re.compile(r"/amp/(?:s/)?|/[cv]/(?:s/)?")
_AMP = re.compile(r"^/amp(?=/)|/amp(?:\.html)?/?$|\.amp(?=\.html$)|\.amp$", re.IGNORECASE)


def canonical(url: str) -> str:
    """One spelling for all addresses of an article; empty for what isn't the address of one.

    Scheme, the host's case and its ``www.``, fragments, closing slashes, parameters that track
    readers, the order of the others and AMP don't tell articles apart. Opaque addresses such as
    Google's lead to what nobody knows without asking, and stay as they are. A homepage is the
    address of no article.
    """
    parts = _parts(url)
    if parts is None:
        return ""
    host = (parts.hostname or "").rstrip(".")
    if host.endswith(("google.com", "cdn.ampproject.org")) and (at := _AMP_CACHE.match(parts.path)):
        return canonical(f"https://{parts.path[at.end() :]}?{parts.query}")
    path = _AMP.sub("", quote(unquote(parts.path), safe="/:@!$&'()*+,;=~")).rstrip("/")
    asked = parse_qsl(parts.query, keep_blank_values=True)
    kept = sorted(pair for pair in asked if not _TRACKING.fullmatch(pair[0]))
    query = f"?{urlencode(kept)}" if kept else ""
    return f"https://{_HOST.sub('', host)}{path}{query}" if path or query else ""


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.strip())
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return None
    return parts if valid else None
