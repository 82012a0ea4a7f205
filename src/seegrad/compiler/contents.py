"""The table of contents of compiling. Read when one of its names is asked for; nothing is defined
here."""

from seegrad.compiler.compile import Compiled as Compiled
from seegrad.compiler.compile import compile as compile
