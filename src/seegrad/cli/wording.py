"""click's own words in the language in force: what it complains of, and the frame of a help page.

click says them in English; they are recognised as errors' sentences are, by `language.translate`.
No word of ours is said here.
"""

from __future__ import annotations

import click

from seegrad.i18n import tr, translate

SENTENCES = (
    "No such option '{option}'.",
    "No such option: {option}",
    "No such command '{command}'.",
    "Did you mean {options}?",
    "(Possible options: {options})",
    "(Possible commands: {options})",
    "(Did you mean one of: {options}?)",
    "Got unexpected extra argument ({word})",
    "Got unexpected extra arguments ({words})",
    "Option {option} requires an argument.",
    "Option {option} does not take a value.",
    "Missing command.",
    "{value} is not a valid integer range.",
    "{value} is not a valid integer.",
    "{value} is not a valid float range.",
    "{value} is not a valid float.",
    "{value} is not in the range {range}.",
    "{value} is not one of {choices}.",
    "File {file} is a directory.",
)
"""What click may say to us, with holes where its values stand: the catalogue has all of them."""


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
    return translate(" ".join(sentence.split()))


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

