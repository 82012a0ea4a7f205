"""How Sphinx builds the documents: `make docs`. What it generates is made in `operations.py`.

Two sites from one configuration: English from here, Korean from `ko/` with `-D language=ko`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "src"))

import operations  # noqa: E402

project = "seegrad"
author = copyright = "The seegrad developers"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_build", "ko", "**/.ipynb_checkpoints"]
templates_path = ["_templates"]
html_theme = "furo"
html_title = "seegrad"
FACES = {"font-stack": "system-ui, 'Noto Sans KR', sans-serif"}
html_theme_options = {"light_css_variables": FACES, "dark_css_variables": FACES}
html_sidebars = {
    "**": ["sidebar/brand.html", "language.html", "sidebar/search.html",
           "sidebar/scroll-start.html", "sidebar/navigation.html", "sidebar/scroll-end.html"],
}  # fmt: skip
copybutton_exclude = ".gp, .go"
html_context = {
    "translated": [str(page.relative_to(HERE / "ko").with_suffix(""))
                   for page in (HERE / "ko").rglob("*.md")],
}  # fmt: skip
html_static_path: list[str] = []
html_show_sphinx = False

# Every cell runs, in a kernel of its own, and an error in one fails the build.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
suppress_warnings = ["mystnb.unknown_mime_type"]

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autoclass_content = "class"


def setup(app):
    app.connect("config-inited", _in_its_language)
    app.connect("autodoc-process-docstring", _as_plain_text)


def _in_its_language(app, config):
    """The pages that are generated are those of the English site."""
    if config.language != "ko":
        operations.write(HERE / "generated")


def _as_plain_text(app, what, name, thing, options, lines):
    """Our docstrings are plain text: what reST would take for emphasis is none; examples stay."""
    example = False
    for i, line in enumerate(lines):
        example = bool(line.strip()) and (example or line.lstrip().startswith(">>>"))
        if not example:
            lines[i] = re.sub(r"[*|]|_(?=_*(?:\W|$))", r"\\\g<0>", line)
