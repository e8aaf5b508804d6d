"""AdmissionConfiguration as the kube-apiserver reads it: strict about its own fields, with one old form tolerated.

Source: k8s.io/apiserver pkg/admission/config.go, ReadAdmissionConfiguration; apimachinery serializer/json (strict).
"""

from __future__ import annotations

from msgspec import Struct

from auditor.host.decoding import Object, Refused, is_json, json_value, repeated_key, yaml_value

KIND = "AdmissionConfiguration"
API_VERSIONS = ("apiserver.config.k8s.io/v1", "apiserver.k8s.io/v1alpha1")
LEGACY_PLUGINS = ("ImagePolicyWebhook", "PodNodeSelector")
_LEGACY_KEYS = ("imagePolicy", "podNodeSelectorPluginConfig")
_SHOWN = 80


class PluginEntry(Struct, frozen=True):
    """What the file says of a plugin: its configuration, which counts first, or the path of its file."""

    name: str
    path: str = ""
    configuration: object = None


class AdmissionFile(Struct, frozen=True):
    """`legacy`: the file is not an AdmissionConfiguration but the settings of those plugins themselves."""

    plugins: tuple[PluginEntry, ...] = ()
    legacy: bool = False

    def entry(self, plugin: str) -> PluginEntry | None:
        """The entry that counts: the first of that very name."""
        return next((entry for entry in self.plugins if entry.name == plugin), None)


def parse(data: bytes) -> AdmissionFile:
    """The admission plugins that a file configures. Refused: the server does not start with it, whatever is enabled."""
    json_text = is_json(data)
    value = json_value(data) if json_text else yaml_value(data)
    if not isinstance(value, Object | None):
        raise Refused("it is not an object")
    value = value or Object()
    unknown = _not_registered(value)
    if unknown:
        if any(name in _LEGACY_KEYS for name, _ in value):
            return AdmissionFile(tuple(PluginEntry(name) for name in LEGACY_PLUGINS), legacy=True)
        raise Refused(unknown)
    repeated = None if json_text else repeated_key(data)
    if repeated is not None:
        raise Refused(f"the key {_quoted(repeated)} stands twice")
    _only(value, ("apiVersion", "kind", "plugins"), "")
    plugins = value.last("plugins")
    if not isinstance(plugins, list | None) or isinstance(plugins, Object):
        raise Refused("plugins is not a list")
    return AdmissionFile(tuple(_entry(plugin, f"plugins[{index}]") for index, plugin in enumerate(plugins or ())))


def _not_registered(value: Object) -> str:
    """Why the server knows no such configuration, or nothing. How it finds that out is not strict about letter case."""
    version, kind = _stated(value, "apiVersion"), _stated(value, "kind")
    if version.count("/") > 1:
        raise Refused(f"{_quoted(version)} is no apiVersion")
    if not kind:
        return "it states no kind"
    if not version.rpartition("/")[2]:
        return "it states no apiVersion"
    if version not in API_VERSIONS:
        return f"its apiVersion {_quoted(version)} has no {KIND}; it is {API_VERSIONS[0]}"
    return "" if kind == KIND else f"its kind is {_quoted(kind)}, not {KIND}"


def _stated(value: Object, key: str) -> str:
    stated = ""
    for found in value.folded(key):
        if not isinstance(found, str | None):
            raise Refused(f"{key} is not text")
        stated = stated if found is None else found
    return stated


def _entry(value: object, where: str) -> PluginEntry:
    if value is None:
        return PluginEntry("")
    if not isinstance(value, Object):
        raise Refused(f"{where} is not an object")
    _only(value, ("name", "path", "configuration"), f"{where}.")
    return PluginEntry(_text(value, "name", where), _text(value, "path", where), value.last("configuration"))


def _text(value: Object, key: str, where: str) -> str:
    text = value.last(key)
    if not isinstance(text, str | None):
        raise Refused(f"{where}.{key} is not text")
    return text or ""


def _only(value: Object, known: tuple[str, ...], where: str) -> None:
    seen: set[str] = set()
    for name, _ in value:
        if name not in known:
            raise Refused(f"the field {_quoted(where + name)} is unknown")
        if name in seen:
            raise Refused(f"the field {_quoted(where + name)} stands twice")
        seen.add(name)


def _quoted(text: str) -> str:
    return f'"{text[:_SHOWN]}{"…" if len(text) > _SHOWN else ""}"'
