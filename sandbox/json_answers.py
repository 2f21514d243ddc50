"""Answers in JSON, as all but the gateways give them."""

import json
from typing import Any

from flask import Response


def in_json(content: dict[str, Any], status: int = 200) -> Response:
    text = json.dumps(content, ensure_ascii=False)
    return Response(text, status, content_type="application/json; charset=utf-8")
