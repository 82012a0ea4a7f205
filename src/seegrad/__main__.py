"""`python -m seegrad` and `seegrad`: the command line, quiet under Ctrl-C from the start."""

from __future__ import annotations

import os
import signal
import sys
from threading import current_thread, main_thread

_alone = current_thread() is main_thread() and (
    signal.getsignal(signal.SIGINT) is signal.default_int_handler
)
if _alone:  # an exception could be lost in what runs while modules are read
    signal.signal(signal.SIGINT, lambda number, place: os._exit(130))
from seegrad.cli import main  # noqa: E402

if _alone:
    signal.signal(signal.SIGINT, signal.default_int_handler)

if __name__ == "__main__":
    sys.exit(main())
