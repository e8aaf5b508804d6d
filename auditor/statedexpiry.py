"""When a registry token says that it expires."""

import base64
import json
import re
from datetime import UTC, datetime

_JWT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*", re.ASCII)
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}", re.ASCII)
# Tokens are a few kilobytes; what is larger is not worth decoding.
_SIZE_MAX = 1 << 16
_YEAR_10000 = 253402300800


def stated_expiry(token: str) -> str | None:
    """RFC 3339 in UTC, or None where the token states nothing.

    Reads the `exp` of a JSON Web Token (RFC 7519 §4.1.4), and the `expiration` of the JSON that an Amazon ECR
    authorization token is.
    """
    if len(token) > _SIZE_MAX:
        return None
    if jwt := _JWT.fullmatch(token):
        header, payload = (_json_object(segment) for segment in jwt.groups())
        return _rfc3339(payload.get("exp")) if "alg" in header else None
    if _BASE64.fullmatch(token):
        content = _json_object(token.rstrip("="))
        return _rfc3339(content.get("expiration")) if "payload" in content else None
    return None


def _json_object(segment: str) -> dict[str, object]:
    standard = segment.translate({ord("-"): "+", ord("_"): "/"})
    try:
        content = json.loads(base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True))
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _rfc3339(seconds: object) -> str | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < _YEAR_10000:
        return None
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
