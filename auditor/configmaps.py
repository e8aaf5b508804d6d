"""ConfigMaps in which something lies that is meant to watch or to decide: parsed facts of it, and nothing else.

Everything else in a ConfigMap may be a secret that somebody put there: a value is looked at, and let go of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from auditor import wire
from auditor.errors import SourceError
from auditor.monitoring.facts import (
    FalcoItem,
    FalcoKind,
    FalcoSettings,
    KeyFacts,
    PolicyText,
    PrometheusRule,
    RuleConfigMap,
)
from auditor.sources.yaml_events import read_yaml

MAX_VALUE = 1 << 20
"""Characters of a value: an API server keeps no larger ConfigMap."""
MAX_FACTS = 5000
"""Rules, macros and lists of one value; what is beyond is told as a fault."""
MAX_TEXT = 64 << 10
"""Characters of one condition, output or expression."""

_FALCO = re.compile(r"""["']?\b(?:rule|macro|list)["']?\s*:""")
_SURELY_FALCO = re.compile(r"""(?m)^[ \t]*-\s+["']?(?:rule|macro|list)["']?[ \t]*:|\{\s*"(?:rule|macro|list)"\s*:""")
_PARTS = {
    "rule": frozenset("condition output desc priority source enabled append override exceptions".split()),
    "macro": frozenset({"condition", "append", "override"}),
    "list": frozenset({"items", "append", "override"}),
}
_OPERATORS = frozenset(
    "= == != < <= > >= exists contains icontains bcontains glob iglob startswith bstartswith endswith in intersects "
    "pmatch regex".split()
)
_MAPPED = "its top level is a mapping, and Falco takes a list of rules, macros and lists alone: it refuses the file"
_PROMETHEUS = re.compile(r"""(?m)^["']?groups["']?[ \t]*:|\{\s*"groups"\s*:""")
_ALERT = re.compile(r"""["']?\balert["']?\s*:""")
_SETTINGS = re.compile(r"""(?m)^["']?(?:rules_files?|load_plugins|plugins|artifact)["']?[ \t]*:""")
_POLICY = re.compile(r"""["']?\bkind["']?[ \t]*:[ \t]*["']?\w*(?:Policy|Policies|Constraint\w*|ImagePolicy\w*)\b""")
_REGO = re.compile(r"(?m)^package[ \t]+[\w.]+[ \t]*$")
_REGO_RULE = re.compile(r"(?m)^(?:deny|violation|warn|allow|main)\b[^\n]*[\[{=]")
_PULLS = re.compile(r"image.{0,40}?(?:pull|download)|pull.{0,40}?image", re.IGNORECASE | re.DOTALL)
_PLACE = re.compile(r"^[^:]*:")
_BEFORE_HOST = re.compile(r"^.*@(?!sha\d+:)", re.DOTALL)
_REFERENCE = re.compile(r"[\w.:/@-]{1,500}", re.ASCII)
_GROUP_VERSION = re.compile(r"(?:[a-z0-9]+(?:[.-][a-z0-9]+)*/)?v[0-9]+(?:(?:alpha|beta)[0-9]+)?", re.ASCII)
_OBJECT_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)

_UNGROUPED = "its top level is a list of rules, and Prometheus takes a mapping with `groups`: it refuses the file"

# Labels whose keys say that a program watches for ConfigMaps through the API; of labels, no value is kept.
_MAX_LABELS = 20


def rules_in(item: wire.ConfigMap, origin: str = "") -> RuleConfigMap | None:
    """What is kept of a ConfigMap; None where nothing of it is."""
    metadata = item.metadata or wire.Metadata()
    keys = tuple(
        found for key, text in sorted((item.data or {}).items()) if isinstance(text, str) for found in _key(key, text)
    )
    if not keys:
        return None
    labels = tuple(sorted(metadata.labels or {}))[:_MAX_LABELS]
    name = metadata.name or ""
    return RuleConfigMap("" if "/" in name else metadata.namespace or "", name, keys, labels, origin)


def rule_file(path: str, text: str) -> wire.ConfigMap | None:
    """A file that is no manifest, as the ConfigMap that it would be made into; None where it holds no rules of Falco or
    Prometheus. Its name is the path, with a slash in any case, which no name of a ConfigMap has.
    """
    name = path if "/" in path else f"./{path}"
    item = wire.ConfigMap(wire.Metadata(name=name), {path.rpartition("/")[2]: text})
    found = rules_in(item)
    if found is None or not any(key.form in ("falco rules", "prometheus rules") for key in found.keys):
        return None
    return item


def _key(key: str, text: str, *, inner: bool = False) -> Iterator[KeyFacts]:
    """What one value holds. Texts that look like nothing of interest are never parsed."""
    if len(text) > MAX_VALUE:
        if _SURELY_FALCO.search(text[:MAX_VALUE]):
            yield KeyFacts(key, "falco rules", "larger than a ConfigMap can be")
        return
    if _REGO.search(text) and _REGO_RULE.search(text):
        yield KeyFacts(key, "policy", policies=(PolicyText("Rego"),))
        return
    prometheus = bool(_PROMETHEUS.search(text))
    if not (prometheus or _FALCO.search(text) or _ALERT.search(text) or _SETTINGS.search(text) or _POLICY.search(text)):
        return
    try:
        source = text.removeprefix("\ufeff").encode("utf-8", "replace")
        documents = [document.value for document in read_yaml(source, "it")]
        custom = [] if inner else [found for document in documents for found in _custom_rules(key, document)]
        yield from custom or _facts(key, documents, surely_falco=bool(_SURELY_FALCO.search(text)))
    except SourceError as error:
        surely = _SURELY_FALCO.search(text)
        if surely or prometheus:
            reason = _PLACE.sub("line ", str(error), count=1)
            yield KeyFacts(key, "falco rules" if surely else "prometheus rules", reason)


def _facts(key: str, documents: list[Any], *, surely_falco: bool) -> Iterator[KeyFacts]:
    items = [entry for document in documents if isinstance(document, list) for entry in document]
    mappings = [document for document in documents if isinstance(document, dict)]
    if surely_falco or any(map(_is_falco, items)):
        falco = tuple(item for entry in items if (item := _falco_item(entry)))
        if falco:
            fault = f"more than {MAX_FACTS} rules, macros and lists" if len(falco) > MAX_FACTS else ""
            yield KeyFacts(key, "falco rules", fault, falco=falco[:MAX_FACTS])
            return
    mapped = tuple(item for mapping in mappings for item in _mapped(mapping))
    if mapped:
        yield KeyFacts(key, "falco rules", _MAPPED, falco=mapped[:MAX_FACTS])
        return
    if items and any(_is_alert(entry) for entry in items):
        yield KeyFacts(
            key, "prometheus rules", _UNGROUPED, prometheus=tuple(rules_of_group({"rules": items}))[:MAX_FACTS]
        )
        return
    rules = tuple(rule for mapping in mappings for rule in _prometheus_rules(mapping))
    if rules:
        yield KeyFacts(key, "prometheus rules", prometheus=rules[:MAX_FACTS])
        return
    for mapping in mappings:
        settings = _settings(mapping)
        if settings:
            yield KeyFacts(key, "falco settings", settings=settings)
            return
    policies = tuple(found for mapping in mappings if (found := _policy(mapping)))
    if policies:
        yield KeyFacts(key, "policy", policies=policies[:MAX_FACTS])


def _is_falco(entry: Any) -> bool:
    """Whether an entry has, beside its name, what only Falco's have."""
    return isinstance(entry, dict) and any(kind in entry and parts & entry.keys() for kind, parts in _PARTS.items())


def _is_alert(entry: Any) -> bool:
    return isinstance(entry, dict) and "expr" in entry and ("alert" in entry or "record" in entry)


def _mapped(mapping: dict[str, Any]) -> Iterator[FalcoItem]:
    """Rules where Falco takes none: a single one without its dash, or a list below a key."""
    for entry in (mapping, *_list(mapping.get("rules"))):
        if _is_falco(entry) and (item := _falco_item(entry)):
            yield item


def _custom_rules(key: str, document: Any) -> Iterator[KeyFacts]:
    """Values for Falco's chart, which makes a file of each text below customRules; also as those of a subchart."""
    left = MAX_VALUE  # aliases could make more of it than was written
    for values in (document, *_mapping(document).values()):
        for name, text in _mapping(_mapping(values).get("customRules")).items():
            left -= len(text) if isinstance(text, str) else 0
            if isinstance(text, str) and left >= 0 and _FALCO.search(text):
                found = _key(f"{key}/{name}"[:500], text, inner=True)
                yield from (facts for facts in found if facts.form == "falco rules")


def _falco_item(entry: Any) -> FalcoItem | None:
    """Not of it: entries about versions."""
    if not isinstance(entry, dict):
        return None
    kind: FalcoKind | None = next((kind for kind in ("rule", "macro", "list") if kind in entry), None)
    if kind is None:
        return None
    name = _text(entry[kind])
    changes = {key: how for key, how in _mapping(entry.get("override")).items() if how in ("append", "replace")}
    appends = entry.get("append") in (True, "true", "yes", "on")
    if appends:
        changes |= {"condition": "append", "items": "append", "exceptions": "append"}
    needed = {"rule": ("condition", "output", "desc", "priority"), "macro": ("condition",), "list": ("items",)}[kind]
    missing = tuple(key for key in needed if key not in entry)
    if kind == "rule" and "enabled" in entry and not {"condition", "output", "desc"} & entry.keys():
        changes.setdefault("enabled", "replace")  # switches an earlier rule on or off
    items = entry.get("items")
    long = any(len(_text(entry.get(key))) > MAX_TEXT for key in ("condition", "output"))
    return FalcoItem(
        kind,
        name[:500],
        _text(entry.get("condition"))[:MAX_TEXT],
        _text(entry.get("output"))[:MAX_TEXT],
        _text(entry.get("source"))[:200],
        _text(entry.get("priority"))[:50],
        tuple(_text(part)[:500] for part in items) if isinstance(items, list) else (),
        tuple(_exception_fields(entry.get("exceptions"))),
        changes,
        () if changes else missing,
        entry.get("skip-if-unknown-filter") is True,
        entry.get("warn_evttypes") is not False,
        entry.get("enabled") not in (False, "false", "no", "off"),
        "a part of it is longer than any that Falco's users write" if long else _unreadable(entry, appends=appends),
    )


def _unreadable(entry: dict[str, Any], *, appends: bool) -> str:
    """Why Falco cannot read an entry (userspace/engine/rule_loader_reader.cpp); no part of it is told."""
    override = entry.get("override")
    if override is not None and appends:
        return "it has both `append` and `override`, of which Falco takes one"
    if override is not None and not all(how in ("append", "replace") for how in _mapping(override).values()):
        return "its override says something else than append or replace"
    if not all(key in entry for key in _mapping(override)):
        return "its override names a key that it does not have"
    if "items" in entry and "list" in entry and not isinstance(entry["items"], list):
        return "its items are no list"
    for exception in _list(entry.get("exceptions")):
        found = _mapping(exception)
        fields, operators = found.get("fields"), found.get("comps")
        if "name" not in found:
            return "one of its exceptions has no name"
        if "fields" not in found and not (appends or override):
            return "one of its exceptions has no fields"
        told = operators if isinstance(operators, list) else [operators] if operators is not None else []
        if not all(_text(operator) in _OPERATORS for operator in told):
            return "one of its exceptions compares with an operator that there is not"
        if isinstance(operators, list) and isinstance(fields, list) and len(operators) != len(fields):
            return "one of its exceptions has another number of operators than of fields"
    return ""


def _exception_fields(exceptions: Any) -> Iterator[str]:
    for entry in exceptions if isinstance(exceptions, list) else ():
        fields = _mapping(entry).get("fields")
        for field in fields if isinstance(fields, list) else [fields]:
            if isinstance(field, str):
                yield field.partition("[")[0][:200]


def _prometheus_rules(mapping: dict[str, Any]) -> Iterator[PrometheusRule]:
    groups = mapping.get("groups")
    for group in groups if isinstance(groups, list) else ():
        yield from rules_of_group(group)


def rules_of_group(group: Any) -> Iterator[PrometheusRule]:
    """The rules of one group, of a file or of a PrometheusRule."""
    rules = _mapping(group).get("rules")
    for rule in rules if isinstance(rules, list) else ():
        if not isinstance(rule, dict) or "expr" not in rule:
            continue
        kind = "alert" if "alert" in rule else "record"
        name = _text(rule.get(kind))
        words = [name, *(_text(value) for value in _mapping(rule.get("annotations")).values())]
        about = any(_PULLS.search(word[:2000]) for word in words)
        expr = _text(rule.get("expr"))[:MAX_TEXT]
        yield PrometheusRule(_text(_mapping(group).get("name"))[:500], kind, name[:500], expr, about)  # type: ignore[arg-type]


def _settings(mapping: dict[str, Any]) -> FalcoSettings | None:
    """falco.yaml, or falcoctl.yaml, which says what is fetched."""
    files = next((mapping[key] for key in ("rules_files", "rules_file") if key in mapping), None)
    loaded, plugins = mapping.get("load_plugins"), mapping.get("plugins")
    artifact = _mapping(mapping.get("artifact"))
    refs = [
        _artifact(_text(ref))
        for part in ("install", "follow")
        for ref in _list(_mapping(artifact.get(part)).get("refs"))
    ]
    if files is None and not refs:
        return None
    names = None
    if isinstance(loaded, list):
        names = tuple(_text(name)[:200] for name in loaded)
    elif "plugins" in mapping and "load_plugins" not in mapping:
        names = tuple(_text(_mapping(plugin).get("name"))[:200] for plugin in _list(plugins))
    rules_files = (files,) if isinstance(files, str) else _list(files)
    return FalcoSettings(tuple(_text(path)[:500] for path in rules_files), names, tuple(refs))


def _artifact(reference: str) -> str:
    """A reference without what stands before its host, which may be a password; empty where it is none."""
    bare = _BEFORE_HOST.sub("", reference)
    return bare if _REFERENCE.fullmatch(bare) else ""


def _policy(mapping: dict[str, Any]) -> PolicyText | None:
    kind = mapping.get("kind")
    if not isinstance(kind, str) or not _POLICY.search(f"kind: {kind[:200]}"):
        return None
    version, name = _text(mapping.get("apiVersion")), _text(_mapping(mapping.get("metadata")).get("name"))
    return PolicyText(
        kind[:200],
        version if _GROUP_VERSION.fullmatch(version) else "",
        name if _OBJECT_NAME.fullmatch(name) else "",
    )


def _text(value: Any) -> str:
    return (
        value
        if isinstance(value, str)
        else ""
        if value is None
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
