"""`python -m seegrad` and `seegrad`: the command line, quiet under Ctrl-C from the start."""

from __future__ import annotations

import sys

try:
    from seegrad.cli import main
except KeyboardInterrupt:
    sys.exit(130)

if __name__ == "__main__":
    sys.exit(main())
