"""A page of text with many live pictures: one switch for its language, one for its theme.

Each picture is there as a still drawing, for paper and for readers without scripts; where scripts
run, it becomes the explorer when it comes into view. The text comes from elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from seegrad.drawing.export.html import bundle, look, policy, spoken_titles, still, styles, web
from seegrad.drawing.scene.packed import to_page
from seegrad.drawing.scene.scene import Scene
from seegrad.drawing.values.user_text import escape
from seegrad.i18n import LANGUAGES, tr

_START = "seegradPage.read(document.body);"
PAPER = 720.0  # pixels across an A4 page between its margins


@dataclass(frozen=True)
class Live:
    """A picture of the page. `step`: the step it begins at; `whole`: all of it, however small."""

    scene: Scene
    step: int | None = None
    whole: bool = False

    def json(self) -> str:
        """What the page's script reads."""
        step, whole = json.dumps(self.step), json.dumps(self.whole)
        return f'{{"scene":{to_page(self.scene)},"step":{step},"whole":{whole}}}'


def place(key: str, name: str, live: Live, kind: str = "") -> str:
    """Where a picture stands: `key` among the page's pictures, `name` in the page's address."""
    title = escape(live.scene.title or name)
    drawn = still(live.scene, PAPER, live.step)
    return (
        f'<div class="explorer sg{kind}" role="group" aria-label="{title}"'
        f' data-scene="{escape(key)}" data-figure="{escape(name)}">{drawn}</div>'
    )


def reading_page(
    *, lang: str, kind: str, titles: Mapping[str, str], sheet: str, body: str,
    lives: Mapping[str, Live], plots: bool = False,
) -> str:  # fmt: skip
    """The whole page.

    Args:
        lang: the language it begins in; whatever else has a `lang` attribute is hidden.
        kind: the class of the page's body.
        titles: the page's title in each of its languages.
        sheet: its style sheet, beside that of the pictures.
        body: its content, with a `place` for each picture.
        lives: the pictures by their keys.
        plots: does the body have plots that are moved by sliders?
    """
    drawn, own = styles()
    whole = f"{look(f'.{kind}')}\n{web('reading.css')}\n{sheet}"
    script = f"{bundle(*(live.scene for live in lives.values()), plots=plots)}\n{_START}"
    scenes = ",".join(f"{json.dumps(key)}:{live.json()}" for key, live in lives.items())
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        f"{policy(script, drawn, own, whole)}\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(titles[lang])}</title>\n"
        f'<style data-sg="picture">{drawn}</style>\n<style>{own}</style>\n'
        f'<style>{whole}</style>\n</head>\n'
        f'<body class="page {kind}" data-lang="{lang}"{spoken_titles(titles)}>\n'
        f'<header class="switches">{_switches()}</header>\n<main>\n{body}\n</main>\n'
        f'<script type="application/json" id="scenes">{{{scenes}}}</script>\n'
        f'<script type="module">{script}</script>\n</body>\n</html>\n'
    )


def _switches() -> str:
    """The two switches; that of the language offers the other one, in its own words."""
    offered = {"en": "한국어", "ko": "English"}
    other = "".join(f'<span lang="{lang}">{words}</span>' for lang, words in offered.items())
    theme = "".join(
        f'<span class="unseen" lang="{lang}">{tr("Light or dark", language=lang)}</span>'
        for lang in LANGUAGES
    )
    return (
        f'<button type="button" data-switch="language">{other}</button>'
        f'<button type="button" data-switch="theme"><span aria-hidden="true">◐</span>{theme}'
        "</button>"
    )
