"""click's own words in the language in force: what it complains of, and the frame of a help page.

click looks its sentences up before it fills them; they are looked up in our catalogue. No word of
ours is said here.
"""

from __future__ import annotations

import click
import click.core
import click.exceptions
import click.parser
import click.types

from seegrad.i18n import Message, tr


class _Asked(str):
    """A template of click's in the language in force; click fills it with its values."""

    english: str

    def __new__(cls, english: str) -> _Asked:
        made = super().__new__(cls, tr(english))
        made.english = english
        return made

    def format(self, *args: object, **values: object) -> str:
        """Filled with values; click's own words among them are said in the language too."""
        own = {k: tr(str(x)) for k, x in values.items() if k in ("name", "number_type")}
        return Message(self.english, {**values, **own})


def _asked_for(one: str, many: str, count: int) -> _Asked:
    return _Asked(one if count == 1 else many)


for module in (click.core, click.exceptions, click.parser, click.types):
    # click asks gettext for every sentence, by these names
    vars(module).update(_=_Asked, ngettext=_asked_for)


def complaint(fault: click.ClickException) -> str:
    """What a click error says, in one line."""
    if isinstance(fault, click.BadParameter):
        hint = fault.param.get_error_hint(fault.ctx) if fault.param and fault.ctx else "-"
        if isinstance(fault, click.MissingParameter):
            return tr("{name} is missing", name=tr(hint.strip("'")))
        return f"{tr('wrong value for {name}', name=hint)}: {_one_line(fault.message)}"
    whole = fault.format_message()
    plain = getattr(fault, "message", "")
    if plain and whole.startswith(f"{plain} "):
        return f"{_one_line(plain)} {_one_line(whole[len(plain) :])}"
    return _one_line(whole)


def _one_line(sentence: str) -> str:
    return " ".join(sentence.split())


class SpokenOption(click.Option):
    """An option whose help is said in the language in force."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        english = self.help
        self.help = tr(english) if english else english
        try:
            record = super().get_help_record(ctx)
        finally:
            self.help = english
        if record is None:
            return None
        return record[0], record[1].replace("[default: ", f"[{tr('default')}: ")


class Spoken(click.Command):
    """A command whose help page is in the language in force all through."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        pieces = " ".join(tr(piece) for piece in self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, f"{tr('Usage:')} ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = [it for it in self.get_params(ctx) if isinstance(it, click.Option)]
        records = [option.get_help_record(ctx) for option in options]
        with formatter.section(tr("Options")):
            formatter.write_dl([record for record in records if record is not None])

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        made = super().get_help_option(ctx)
        if made is not None:
            made.help = tr("Show this message and exit.")
        return made

