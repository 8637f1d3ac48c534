"""Native noise is discarded, Python's words are not."""

import subprocess
import sys

CODE = """
import os, sys
from stockanalyst.infra.logs import native_stderr_silenced
with native_stderr_silenced():
    os.write(2, b"native noise\\n")
    sys.stderr.write("python inside\\n")
os.write(2, b"native after\\n")
sys.stderr.write("python after\\n")
try:
    with native_stderr_silenced():
        raise RuntimeError
except RuntimeError:
    os.write(2, b"native at last\\n")
"""


def test_only_native_code_is_silenced_and_only_inside() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert sorted(done.stderr.split("\n")) == [
        "",
        "native after",
        "native at last",
        "python after",
        "python inside",
    ]
