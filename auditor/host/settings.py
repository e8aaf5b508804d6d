"""ImagePolicyWebhook's settings: lenient about keys, strict about types, in whole seconds and milliseconds.

Source: k8s plugin/pkg/admission/imagepolicy/config.go; encoding/json; apimachinery pkg/util/yaml/decoder.go.
"""

from __future__ import annotations

from msgspec import Struct

from auditor.host.decoding import Object, Refused, first_chunk, fold, is_json, json_value, yaml_value
from auditor.hostfacts import PluginSettings
from auditor.sources.yaml_scalars import key_text

DEFAULT = 0
DISABLED = -1
_INT64 = 1 << 63


class _Duration(Struct, frozen=True):
    """A setting in whole units of `scale` nanoseconds; `least` and `most` in nanoseconds."""

    key: str
    unit: str
    scale: int
    default: int
    least: int
    most: int


_DURATIONS = (
    _Duration("allowTTL", "seconds", 10**9, 300, 10**9, 1800 * 10**9),
    _Duration("denyTTL", "seconds", 10**9, 30, 10**9, 1800 * 10**9),
    _Duration("retryBackoff", "milliseconds", 10**6, 500, 1, 300 * 10**9),
)
_KEYS = {fold(key): key for key in ("kubeConfigFile", "defaultAllow", *(duration.key for duration in _DURATIONS))}


class Decoded(Struct, frozen=True):
    """The settings, and why the server would not start with them."""

    settings: PluginSettings
    faults: tuple[str, ...] = ()


def of_value(value: object) -> Decoded:
    """Of a configuration that stands in the AdmissionConfiguration itself."""
    return _decode(value)


def of_file(data: bytes) -> Decoded:
    """Of a file of its own, or of the old form: JSON if it is that, else the first YAML document. May raise Refused.

    What is no good as JSON is tried as YAML: so a whole number may be written with a fraction in both.
    """
    if not data:
        raise Refused("it is empty")
    if not is_json(data):
        return _decode(yaml_value(first_chunk(data)))
    try:
        return _decode(json_value(data, whole=False))
    except Refused as refused:
        try:
            return _decode(yaml_value(first_chunk(data)))
        except Refused:
            raise refused from None


def _decode(value: object) -> Decoded:
    if not isinstance(value, Object | None):
        raise Refused("the plugin's configuration is not an object")
    found: dict[str, object] = {}
    faults: list[str] = []
    for inner in (value or Object()).folded("imagePolicy"):
        if isinstance(inner, Object):
            for key, setting in inner:
                name = _KEYS.get(fold(key))
                if name and setting is not None:  # null leaves what is there
                    found[name] = setting
        elif inner is not None:
            faults.append("imagePolicy is not an object")
    allow, deny, backoff = (_duration(duration, found, faults) for duration in _DURATIONS)
    default_allow = found.get("defaultAllow", False)
    if not isinstance(default_allow, bool):
        faults.append(f"defaultAllow is {_kind(default_allow)}; it is true or false, without quotes")
        default_allow = None
    kubeconfig = found.get("kubeConfigFile", "")
    if isinstance(kubeconfig, bool | int | float):
        kubeconfig = key_text(kubeconfig)
    if not isinstance(kubeconfig, str):
        faults.append(f"kubeConfigFile is {_kind(kubeconfig)}; it is a path")
        kubeconfig = None
    return Decoded(PluginSettings(kubeconfig, allow, deny, backoff, default_allow), tuple(faults))


def _duration(duration: _Duration, found: dict[str, object], faults: list[str]) -> int | None:
    """What takes effect: 0 stands for the default, -1 for none at all; None where the server refuses the value."""
    value = found.get(duration.key, DEFAULT)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -_INT64 <= value < _INT64:
        faults.append(
            f"{duration.key} is {_kind(value)}; it is a whole number of {duration.unit}, without unit or quotes"
        )
        return None
    if value == DISABLED:
        return 0
    if value == DEFAULT:
        return duration.default
    nanoseconds = (value * duration.scale + _INT64) % (2 * _INT64) - _INT64  # as Go's integers overflow
    if duration.least <= nanoseconds <= duration.most:
        return nanoseconds // duration.scale
    most = duration.most // duration.scale
    faults.append(f"{duration.key} is {value}, not between 1 and {most} {duration.unit}")
    return None


def _kind(value: object) -> str:
    match value:
        case bool():
            return "a truth value"
        case str():
            return "text"
        case int() | float():
            return "a number that is not whole" if isinstance(value, float) else "a number"
        case Object():
            return "an object"
        case _:
            return "a list"


def static_manifests(value: object) -> bool:
    """Whether a plugin's configuration loads policies from files, which the API then does not show (KEP-5793)."""
    return isinstance(value, Object) and any(value.folded("staticManifestsDir"))


__all__ = ["Decoded", "of_file", "of_value", "static_manifests"]
