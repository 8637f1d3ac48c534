"""FinVADER's words, in an interpreter of its own: it wants Python below 3.12, and an old nltk.

Its two files are read without its package, whose import downloads.
"""

import importlib.util
import json
import runpy
import sys
from pathlib import Path


def main() -> None:
    """Print the weights of its words, of both its lists, merged as it merges them."""
    found = importlib.util.find_spec("finvader")
    if found is None or found.origin is None:
        sys.exit("finvader isn't installed here; `make benchmark` does so")
    folder = Path(found.origin).parent
    sentibignomics = runpy.run_path(str(folder / "SentiBignomics.py"))["lexicon1"]()
    henry = runpy.run_path(str(folder / "Henry.py"))["lexicon2"]()
    merged = {word: 0.1 * weight for word, weight in sentibignomics.items()} | henry
    sys.stdout.write(json.dumps(merged))


if __name__ == "__main__":
    main()
