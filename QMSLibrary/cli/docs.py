"""``qms docs``: the documents that are made from the code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from QMSLibrary.contract.services import Service


def api_document(service: Service) -> str:
    """The text of ``docs/api/<service>.json``: the service's OpenAPI document as it is checked in."""
    from QMSLibrary.contract.openapi import openapi

    return json.dumps(openapi(service), indent=2, ensure_ascii=False) + "\n"


def write_api(folder: Path) -> list[Path]:
    """Write one OpenAPI document per service into ``folder`` (made when it is missing) and say which files these are.

    A file whose text is right already is left alone, so that its date tells when the interface last changed.
    """
    from QMSLibrary.contract.services import Service

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for service in Service:
        path = folder / f"{service}.json"
        text = api_document(service)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
        written.append(path)
    return written
