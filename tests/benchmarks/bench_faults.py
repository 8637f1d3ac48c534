"""How many recorded faults are found, and how many alarms are false.

::

    python tests/benchmarks/bench_faults.py FOLDER

FOLDER holds ``yahoo_bad_data_cases.parquet`` (bad prices that yfinance's tests record, raw and
mended by hand: columns ``case``, ``version``, ``date``, OHLC, ``adj_close``, ``volume``,
``dividends``, ``stock_splits``) and ``us_daily_*.parquet`` (``ticker``, ``date``, OHLC,
``volume``, all adjusted), where every alarm but a broken range or a missing volume is false.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from stockanalyst.frames import PRICE_COLUMNS
from stockanalyst.market.faults import find_faults, repaired


def bars(rows: pd.DataFrame) -> pd.DataFrame:
    """A price frame of one case; intraday bars keep their time, bars without a close go."""
    named = rows.rename(columns={"dividends": "dividend", "stock_splits": "split_ratio"})
    index = pd.DatetimeIndex(pd.to_datetime(named["date"].astype(str).str[:19]), name="session")
    frame = named.set_index(index).reindex(columns=list(PRICE_COLUMNS)).astype("float64")
    frame["adj_close"] = frame["adj_close"].fillna(frame["close"])
    frame["split_ratio"] = frame["split_ratio"].replace(0, 1).fillna(1)
    frame["dividend"] = frame["dividend"].fillna(0)
    return frame[frame["close"].notna()].sort_index()


def kinds(faults: pd.DataFrame) -> str:
    """How many of each kind, on one line."""
    counts = faults["kind"].value_counts()
    return ", ".join(f"{kind} {count}" for kind, count in counts.items()) or "–"


def like(repaired_frame: pd.DataFrame, mended: pd.DataFrame) -> bool:
    """Whether prices and dividends are, to 0.2 %, what hands made of them."""
    columns = ["close", "adj_close", "dividend"]
    if not repaired_frame.index.equals(mended.index):
        return False
    return bool(np.isclose(repaired_frame[columns], mended[columns], rtol=2e-3).all())


def recorded(path: Path) -> None:
    """Print what is found in each case, and how many are found that hands mended."""
    table = pd.read_parquet(path)
    groups = table.groupby(["case", "version"])
    versions = {(str(case), str(version)): bars(rows) for (case, version), rows in groups}
    found = {key: find_faults(frame) for key, frame in versions.items()}
    for (case, version), faults in found.items():
        sys.stdout.write(f"{case:32} {version:6} {kinds(faults)}\n")
    raw = [case for case, version in versions if version == "raw"]
    pairs = [case for case in raw if (case, "fixed") in versions]
    seen = [case for case in pairs if kinds(found[case, "raw"]) != kinds(found[case, "fixed"])]
    same = [
        case
        for case in seen
        if like(repaired(versions[case, "raw"], found[case, "raw"]).frame, versions[case, "fixed"])
    ]
    sound = [case for case in raw if case not in pairs]
    alarms = [case for case in sound if len(found[case, "raw"])]
    sys.stdout.write(
        f"mended by hand: {len(pairs)}, found {len(seen)}, repaired likewise {len(same)} "
        f"(else: {', '.join(sorted(set(pairs) - set(same)))}); "
        f"sound: {len(sound)}, alarms {len(alarms)}\n"
    )


def daily(path: Path) -> None:
    """Print the alarms on adjusted daily bars."""
    table = pd.read_parquet(path)
    groups = table.groupby("ticker", observed=True)
    alarms = pd.concat([find_faults(bars(rows)).assign(ticker=name) for name, rows in groups])
    sys.stdout.write(
        f"{path.name}: {len(groups)} symbols, {len(table)} sessions: {kinds(alarms)}\n"
    )
    prices = alarms[~alarms["kind"].isin(["range", "volume"])]
    sys.stdout.write(f"{prices.to_string()}\n" if len(prices) else "no other alarm\n")


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    recorded(folder / "yahoo_bad_data_cases.parquet")
    for path in sorted(folder.glob("us_daily_*.parquet")):
        daily(path)


if __name__ == "__main__":
    main()
