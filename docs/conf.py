"""How Sphinx builds the documents: `make docs`. What it generates is made in `operations.py`."""

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
exclude_patterns = ["_build", "**/.ipynb_checkpoints"]
html_theme = "alabaster"
html_theme_options = {
    "description": "The computational graph you see is the one that runs.",
    "page_width": "1100px",
    "sidebar_width": "200px",
    "font_family": "system-ui, 'Noto Sans KR', sans-serif",
    "show_powered_by": False,
}
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
    app.connect("builder-inited", lambda app: operations.write(HERE / "generated"))
    app.connect("autodoc-process-docstring", _as_plain_text)


def _as_plain_text(app, what, name, thing, options, lines):
    """Our docstrings are plain text: what reST would take for emphasis is none."""
    lines[:] = [line.replace("*", r"\*").replace("|", r"\|") for line in lines]
