"""A database URL as it may be shown: without its password."""

from __future__ import annotations

import re

__all__ = ["shown_url"]

# A password may hold an @ that was not escaped; what is hidden ends at the last one.
_SECRET = re.compile(r"(?<=://)([^:/?#@]*:).*(?=@)|([?&](?:ssl)?password=)[^&]*", re.DOTALL)


def shown_url(url: str) -> str:
    """The URL with *** for the password, whether or not it is well-formed."""
    return _SECRET.sub(lambda found: f"{found[1] or found[2]}***", url)
