"""What a YAML scalar is to kubectl, which decodes with go-yaml v2 and writes JSON (goyaml.v2/resolve.go, yaml.go)."""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct

from yaml.events import ScalarEvent

_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"}
_FALSE = {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"}
_CONSTANTS: dict[str, bool | float | None] = {
    **dict.fromkeys(_NULL, None),
    **dict.fromkeys(_TRUE, True),
    **dict.fromkeys(_FALSE, False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|([0-9]|[1-9][0-9]+))")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
TAG = "tag:yaml.org,2002:"
_DIGIT_GROUPS = re.compile(r"[^_]*(?:(?<=[0-9])_(?=[0-9])[^_]*)*")
_MAX_DIGITS = 300

Scalar = str | bool | int | float | None


class Unfit(ValueError):
    """A value that JSON or Kubernetes does not have. The message quotes nothing."""


def resolve(event: ScalarEvent) -> Scalar:
    """What a scalar is; floats that are whole stay floats. `Unfit` where its tag says that it is something else."""
    tag, text = event.tag, event.value
    if tag is None:
        return plain(text) if event.implicit[0] else text
    match tag.removeprefix(TAG):
        case "!" | "str" | "timestamp" | "map" | "seq" | "merge":
            return text
        case "binary":
            return _binary(text)
        case "null" if text in _NULL:
            return None
        case "bool" if isinstance(value := plain(text), bool):
            return value
        case "int" if isinstance(value := plain(text), int) and not isinstance(value, bool):
            return value
        case "float" if isinstance(value := plain(text), float | int) and not isinstance(value, bool):
            return float(value)
        case "null" | "bool" | "int" | "float":
            raise Unfit("a value that is not what its tag says")
        case _:
            raise Unfit("a tag that Kubernetes has no meaning for")


def _binary(text: str) -> str:
    try:
        data = base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        raise Unfit("a binary value that is not base64") from None
    return data.decode(errors="replace")  # as Go writes bytes that are no UTF-8 into JSON


def plain(text: str) -> Scalar:
    """What a scalar without quotes or tag is. Timestamps and sexagesimal numbers are text."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in "+-.0123456789":
        return text
    if text[0] == "." and not _DIGIT_GROUPS.fullmatch(text):
        return text  # goyaml.v2 hands these to strconv.ParseFloat, which wants digits around each underscore
    digits = text.replace("_", "")
    if match := _INTEGER.fullmatch(digits):
        sign, *groups = match.groups()
        for base, group in zip((16, 2, 8, 10), groups, strict=True):
            if group:
                if len(group) > _MAX_DIGITS:
                    raise Unfit("a number out of range")
                number = int(sign + group, base)
                # JSON readers of Kubernetes keep integers of 64 bits and take larger ones as floats.
                return number if -(1 << 63) <= number < 1 << 63 else _big(number)
    if _FLOAT.fullmatch(digits) and math.isfinite(value := float(digits)):
        return value
    return text


def _big(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        raise Unfit("a number out of range") from None


def json_number(value: Scalar) -> Scalar:
    """A float as Go writes it into JSON: without a fraction where there is none. `Unfit` for NaN and infinity."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Unfit("a number that JSON does not have")
        if value.is_integer() and abs(value) < 1 << 63:
            return int(value)
    return value


def key_text(value: object) -> str:
    """A mapping's key as sigs.k8s.io/yaml makes it; `Unfit` for null and collections."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _float_key(value)
        case _:
            raise Unfit("a key that is not text")


def _float_key(value: float) -> str:
    """strconv.FormatFloat(value, 'g', -1, 32), with YAML's names for what is not finite."""
    single = _single(value)
    if not math.isfinite(single):
        return ".nan" if math.isnan(single) else ".inf" if single > 0 else "-.inf"
    for precision in range(9):
        text = f"{single:.{precision}e}"
        if _single(float(text)) == single:
            break
    mantissa, _, exponent = text.partition("e")
    if -4 <= int(exponent) < 6:
        return f"{float(text):.{max(0, precision - int(exponent))}f}"
    return f"{mantissa}e{exponent}"


def _single(value: float) -> float:
    """The nearest number of 32 bits."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)
