"""``python -m stockanalyst.cli``."""

import sys

from stockanalyst.cli import main

sys.exit(main())
