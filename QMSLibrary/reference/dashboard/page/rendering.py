"""Templates, and the headers that every page goes out with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from QMSLibrary.contract.dashboard import HISTORIES

from . import pictures, words
from .looking import TARGET

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE: Final = Path(__file__).parent
_MEDIA: Final = {
    ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
}  # fmt: skip
STATIC_NAMES: Final = frozenset(path.name for path in (_HERE / "static").iterdir() if path.suffix in _MEDIA)
HEADERS: Final[Mapping[str, str]] = {
    # Nothing but this site's own files: no script, style or font in the page itself or from anywhere else.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_YEAR: Final = 31536000
_FILES: Final = 16
"""More static files than there are; a bound all the same, because names come from outside."""


@cache
def _templates() -> Environment:
    # Loaded when the first page is asked for: the other services, and a dashboard nobody looks at, start without it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(
        moment=words.moment_of, wire=_wire, exact=words.exact, counted=words.counted, figure=words.figure,
        plain=words.plain,
    )  # fmt: skip
    made.globals.update(
        ago=words.ago, share=pictures.share, asset=asset, STATES=words.STATES, STEPS=words.STEPS, LEVELS=words.LEVELS,
        SEVERITIES=words.SEVERITIES, ALERT_STATES=words.ALERT_STATES, HEALTHS=words.HEALTHS, ROLES=words.ROLES,
        VIEWS=words.VIEWS, TITLES=words.TITLES, RADIUS=pictures.RADIUS, HISTORIES=HISTORIES, TARGET=TARGET,
    )  # fmt: skip
    return made


def _wire(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def page(template: str, status: int = 200, **values: Any) -> Response:
    """A template as a page."""
    text = _templates().get_template(template).render(**values)
    return Response(text, status, {**HEADERS, "Cache-Control": "no-store"}, "text/html")


def see_other(path: str) -> Response:
    """Go and look there."""
    return Response(status_code=303, headers={**HEADERS, "Cache-Control": "no-store", "Location": path})


@lru_cache(maxsize=_FILES)
def _file(name: str) -> bytes:
    return (_HERE / "static" / name).read_bytes()


@lru_cache(maxsize=_FILES)
def asset(name: str) -> str:
    """The address of a static file; another one when the file is another, so that browsers may keep it."""
    return f"/static/{name}?{hashlib.sha256(_file(name)).hexdigest()[:12]}"


def static(name: str) -> Response:
    """A static file of STATIC_NAMES."""
    return Response(
        _file(name),
        headers={**HEADERS, "Cache-Control": f"public, max-age={_YEAR}, immutable"},
        media_type=_MEDIA[Path(name).suffix],
    )
