"""Whether a program's threads work together or its caller does all of it: what is faster just now.

Threads that meet many times a millisecond need cores of their own. Where other processes take
them, one thread that never waits is faster. Either way gives the same bits (see `program.py`).
"""

from __future__ import annotations

import math

BRIEF = 5e-5
"""Seconds below which the call itself may be what took the time, and not the steps."""
LATE = 1.5
"""So many times longer than at best is late."""
IN_A_ROW = 3
"""So often late, one after the other, and it is tried whether one thread is faster: once or twice
is chance, as on any machine where others work too."""
SHORT, LONG = 0.01, 1.0
"""Seconds for which what a trial found is kept: at first, and at most, where it repeats."""


class Pace:
    """What is known of how long a step takes, together and alone."""

    def __init__(self) -> None:
        self.best = self.together = self.alone = math.inf
        self.until = 0.0                                  # alone until then; inf: as a trial
        self.again = 0.0                                  # no trial before
        self.rest = self.calm = SHORT
        self.late = 0                                     # how often in a row, of late

    def all_together(self, now: float) -> bool:
        """Whether all threads are to work on what comes next."""
        return now >= self.until

    def step(self, now: float) -> float:
        """Seconds that a step took of late in the way that comes next; inf where unknown."""
        return self.together if self.all_together(now) else self.alone

    def note(self, together: bool, seconds: float, now: float, steps: int = 1) -> None:
        """Learn how long each of so many steps took."""
        if together:
            first = self.best == math.inf                 # when much is done for the first time
            self.together, self.best = seconds, min(self.best, seconds)
            if self.alone < math.inf and seconds <= min(LATE * self.best, self.alone):
                self.rest, self.late = max(self.rest / 2, SHORT), 0
            elif now >= self.again and not first and steps * seconds >= BRIEF:
                self.late += 1
                if self.alone == math.inf or self.late >= IN_A_ROW:
                    self.until, self.late = math.inf, 0
            return
        trial, self.alone = self.until == math.inf, seconds
        if trial and seconds < self.together:
            self.until, self.calm = now + self.rest, SHORT
            self.rest = min(2 * self.rest, LONG)
        elif trial:                                       # others are not what slows it down
            self.until, self.again = 0.0, now + self.calm
            self.calm = min(2 * self.calm, LONG)
