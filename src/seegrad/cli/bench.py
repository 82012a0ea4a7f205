"""`seegrad bench`: the benchmark suite on this machine, with whatever peers are installed.

The suite is a package of its own, `benchmarks/` at the root of the repository and inside an
installed seegrad; it runs in a process of its own, as its peers ask for. Nothing is measured here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from seegrad.cli.group import GOOD, SpokenCommand, echo_json, json_option, lang_option, option
from seegrad.errors import MissingExtraError
from seegrad.i18n import tr

PACKAGE = Path(__file__).parents[1]
PLACES = (PACKAGE / "suite", PACKAGE.parents[1])
"""Where the folder `benchmarks` may be: in an installed package, and in a clone."""


@click.command("bench", cls=SpokenCommand)
@click.argument("keys", nargs=-1, metavar="[KEYS]...")
@option("--rounds", type=click.IntRange(min=1), metavar="N", help="Measure so many times each.")
@json_option
@lang_option
def command(keys: tuple[str, ...], rounds: int | None, as_json: bool) -> int:
    """Measure."""
    words = [*keys, *(["--rounds", str(rounds)] if rounds else [])]
    if not as_json:
        return _run(words)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "figures.json")
        code = _run([*words, "--json", str(file)], stdout=subprocess.DEVNULL)
        if code == GOOD:
            echo_json(json.loads(file.read_text("utf-8")))
    return code


def _run(words: list[str], stdout: int | None = None) -> int:
    """The suite's exit code; its words go where ours would."""
    there = next((place for place in PLACES if (place / "benchmarks").is_dir()), None)
    if there is None:
        raise MissingExtraError(
            tr("the benchmark suite is not here"),
            asked="benchmarks/",
            came=", ".join(map(str, PLACES)),
            hint=tr("install seegrad again, or run it in a clone of the repository"),
        )
    paths = [str(there), str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, "-m", "benchmarks", *words]
    return subprocess.run(command, env=environment, stdout=stdout, check=False).returncode
