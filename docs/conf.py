"""How Sphinx builds the documents: `make docs`. What it generates is made in `operations.py`.

Two sites from one configuration: English from here, Korean from `ko/` with `-D language=ko`.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "src"))

import operations  # noqa: E402

project = "seegrad"
author = copyright = "The seegrad developers"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "ko", "**/.ipynb_checkpoints"]
templates_path = ["_templates"]
html_theme = "alabaster"
html_theme_options = {
    "description": "The computational graph you see is the one that runs.",
    "page_width": "1100px",
    "sidebar_width": "200px",
    "font_family": "system-ui, 'Noto Sans KR', sans-serif",
    "show_powered_by": False,
}
html_sidebars = {
    "**": ["about.html", "language.html", "searchbox.html", "navigation.html"],
}
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
    """The Korean site has its own slogan; the English one the pages that are generated."""
    if config.language == "ko":
        slogan = "눈에 보이는 계산 그래프가 바로 실행되는 그래프입니다."
        config.html_theme_options["description"] = slogan
    else:
        operations.write(HERE / "generated")


def _as_plain_text(app, what, name, thing, options, lines):
    """Our docstrings are plain text: what reST would take for emphasis is none."""
    lines[:] = [line.replace("*", r"\*").replace("|", r"\|") for line in lines]
