"""How Sphinx builds the documentation: `make docs`, without a network."""

project = "taizhang"
extensions = ["myst_parser"]
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = "taizhang 台账"

# Headings can be linked to, as they can on the pages of a code host.
myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]
