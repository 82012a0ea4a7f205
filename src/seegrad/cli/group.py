"""The group of commands, the options they share, and how errors and interruptions end.

A command's module is imported only when the command is run: the table below names it, and
importlib fetches it, so that `seegrad --help` answers at once. This is the one place where a module
of our own is imported late. No command does its work here.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from seegrad.cli.wording import Spoken, SpokenOption, complaint
from seegrad.errors import DiskError, NonFiniteError, SeegradError
from seegrad.i18n import LANGUAGES, language, set_language, tr, translate
from seegrad.streams import fit_streams, holds

COMMANDS: dict[str, tuple[str, str]] = {
    "train": ("runs.train", "Train a network on digits, a toy set or your own data."),
    "predict": ("runs.predict", "Predict with a run's network, from raw rows."),
    "evaluate": ("runs.evaluate", "Measure a run's network on data with targets."),
    "check": ("check", "Compare the gradient by backpropagation with numerical differences."),
    "export": ("export", "Write a run's network as an ONNX file."),
    "draw": ("draw", "Draw the graph of an expression, with its derivatives."),
    "chapter": ("chapter", "Write a chapter of the book as one live page."),
    "explain": ("explain", "Derive a derivative step by step."),
    "bench": ("bench", "Measure the speed here, with installed peers beside."),
    "ops": ("operations", "List the operations and their derivative rules."),
}
"""Command → (module in this package, what it does). The module's `command` is the click command."""

GOOD, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def option(*names: str, **settings: Any) -> Callable[[Decorated], Decorated]:
    """`click.option` with its `help` in both languages."""
    return click.option(*names, cls=SpokenOption, **settings)


def _choose_language(ctx: click.Context, parameter: click.Parameter, chosen: str | None) -> None:
    if chosen:
        set_language(chosen if _can_be_written(chosen) else "en")


def _can_be_written(chosen: str) -> bool:
    """Have both streams the letters of this language?"""
    return chosen != "ko" or (holds(sys.stdout, "가") and holds(sys.stderr, "가"))


def lang_option(function: Decorated) -> Decorated:
    """`--lang ko|en`, wherever it stands on the line."""
    decorate = option(
        "--lang",
        type=click.Choice(LANGUAGES),
        expose_value=False,
        is_eager=True,
        callback=_choose_language,
        help="The language of messages: en or ko.",
    )
    return decorate(function)


def json_option(function: Decorated) -> Decorated:
    """`--json`, passed on as `as_json`."""
    decorate = option("--json", "as_json", is_flag=True, help="Print one JSON object, no prose.")
    return decorate(function)


def echo_json(facts: Any) -> None:
    """Print a JSON object; signs that the stream has not are escaped, never replaced."""
    text = json.dumps(facts, ensure_ascii=False)
    click.echo(text if holds(sys.stdout, text) else json.dumps(facts))


class SpokenCommand(Spoken):
    """A command whose first line of help is the one of the table, in the language in force."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        english = self.help
        self.help = tr(COMMANDS[self.name][1]) if self.name in COMMANDS else english
        try:
            super().format_help_text(ctx, formatter)
        finally:
            self.help = english


class LateGroup(Spoken, click.Group):
    """A group that knows its commands by name, and imports one only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"{__package__}.{COMMANDS[name][0]}")
        command: click.Command = module.command
        return command

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(tr("Deep learning you can see: train, check, draw, explain."))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(tr("Commands")):
            formatter.write_dl([(name, tr(text)) for name, (_, text) in COMMANDS.items()])


def _show_version(ctx: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"seegrad {sys.modules['seegrad'].__version__}")
        ctx.exit()


@click.group(cls=LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@lang_option
@option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_show_version,
    help="Print the version.",
)
def seegrad() -> None:
    """Deep learning you can see."""


def one_line(error: SeegradError) -> str:
    """An error's problem and its parts, in one line."""
    rows = ((tr("asked"), error.asked), (tr("came"), error.came), (tr("try"), error.hint))
    parts = "; ".join(f"{label}: {translate(text)}" for label, text in rows if text)
    problem = translate(error.problem)
    line = f"{problem} ({parts})" if parts else problem
    return " ".join(line.split())


def _language_asked(arguments: Sequence[str]) -> None:
    """Take `--lang` into account before anything is said, wherever it stands."""
    for here, following in zip(arguments, [*arguments[1:], ""]):
        chosen = following if here == "--lang" else here.removeprefix("--lang=")
        if here.startswith("--lang") and chosen in LANGUAGES:
            set_language(chosen)
    if not _can_be_written(language()):
        set_language("en")
        _complain(tr("this terminal cannot show Korean letters; it is told in English"))


LONGEST = 600


def _complain(text: str) -> None:
    """One line, without what could steer a terminal, and of a length that people read."""
    shown = "".join(c if c.isprintable() else "\ufffd" for c in text)
    shown = shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"
    click.echo(f"seegrad: {shown}", err=True)


def _error_in_json(fault: BaseException, code: int) -> None:
    """An error as `--json` tells it, beside the line for people."""
    parts = {part: str(getattr(fault, part, "")) for part in ("asked", "came", "hint")}
    problem = getattr(fault, "problem", None)
    if problem is None:
        problem = complaint(fault) if isinstance(fault, click.ClickException) else str(fault)
    facts = {"kind": type(fault).__name__, "problem": str(problem), **parts}
    echo_json({"error": facts, "code": code})


def complain_of(fault: BaseException) -> int:
    """Say in one line what went wrong (a surprise: all of it); returns the exit code."""
    if isinstance(fault, click.ClickException):
        _complain(complaint(fault))
        return MISUSED
    if isinstance(fault, SeegradError):
        _complain(one_line(fault))
        return FAILED if isinstance(fault, (NonFiniteError, DiskError)) else MISUSED
    if isinstance(fault, (KeyboardInterrupt, click.Abort)):
        _complain(tr("interrupted"))
        return INTERRUPTED
    if isinstance(fault, MemoryError):
        _complain(tr("not enough memory; use smaller data or a smaller network"))
    elif isinstance(fault, OSError):
        _complain(f"{fault.strerror or fault}: {fault.filename or ''}".rstrip(": "))
    else:
        traceback.print_exception(fault)
    return FAILED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0 (good), 1 (failed), 2 (misused) or 130 (interrupted)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    fit_streams()
    _language_asked(words)
    try:
        outcome = seegrad.main(words, prog_name="seegrad", standalone_mode=False)
        return outcome if isinstance(outcome, int) else GOOD
    except click.exceptions.NoArgsIsHelpError as request:
        click.echo(request.format_message())
        return MISUSED
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
        return GOOD
    except (
        click.ClickException, SeegradError, KeyboardInterrupt, click.Abort, MemoryError, OSError
    ) as fault:  # fmt: skip
        code = complain_of(fault)
        if "--json" in words:
            _error_in_json(fault, code)
        return code
