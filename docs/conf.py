"""How Sphinx makes a site of these pages: ``make docs``."""

from __future__ import annotations

from importlib.metadata import version as installed

project = "flask_analytics"
author = "the flask_analytics developers"
version = release = installed("flask-analytics-bridge")

extensions = ["myst_parser", "sphinx.ext.autodoc", "pallets_sphinx_themes"]

# Answers are shortened by "..." in places, which no JSON is.
suppress_warnings = ["misc.highlighting_failure"]

# The pages are read as plain files, too: their links name files, and headings of them.
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True

html_theme = "flask"
html_title = "flask_analytics"
html_show_copyright = False
html_show_sourcelink = False
html_sidebars = {
    "index": ["localtoc.html", "searchbox.html"],
    "**": ["localtoc.html", "relations.html", "searchbox.html"],
}
