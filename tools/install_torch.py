"""Install PyTorch's small CPU build, the outside judge of the tests; without it they skip.

The plain Linux package brings gigabytes for graphics cards, so there only the build marked "+cpu"
is asked for; where no index offers it, nothing is installed and the tests that need it say so.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys

VERSION = "2.13.0"


def main() -> int:
    if importlib.util.find_spec("torch"):
        return 0
    build = VERSION + ("+cpu" if sys.platform == "linux" else "")
    command = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check",
               "--only-binary", ":all:", f"torch=={build}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"torch {build} is not to be had here; the tests that compare with it will skip")
    return 0


if __name__ == "__main__":
    sys.exit(main())
