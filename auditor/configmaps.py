"""ConfigMaps in which something lies that is meant to watch or to decide: parsed facts of it, and nothing else.

Everything else in a ConfigMap may be a secret that somebody put there: a value is looked at, and let go of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw

from auditor import wire
from auditor.errors import SourceError
from auditor.monitoring.alert_files import is_rule, misplaced, rules_of_file, rules_of_group
from auditor.monitoring.facts import MAX_FACTS, KeyFacts, PolicyText, RuleConfigMap
from auditor.monitoring.falco_files import entries, is_entry, mapped_entries
from auditor.monitoring.falco_settings import settings_in
from auditor.monitoring.loose import mapping
from auditor.monitoring.policy_texts import (
    ADMISSION,
    IMAGE_POLICY,
    is_rego,
    kubeconfigs_in,
    may_hold_kubeconfig,
    may_hold_policy,
    policies_in,
)
from auditor.sources.yaml_events import read_yaml

MAX_VALUE = 1 << 20
"""Characters of a value: an API server keeps no larger ConfigMap."""

_FALCO = re.compile(r"""["']?\b(?:rule|macro|list)["']?\s*:""")
_SURELY_FALCO = re.compile(r"""(?m)^[ \t]*-\s+["']?(?:rule|macro|list)["']?[ \t]*:|\{\s*"(?:rule|macro|list)"\s*:""")
_MAPPED = "its top level is a mapping, and Falco takes a list of rules, macros and lists alone: it refuses the file"
_PROMETHEUS = re.compile(r"""(?m)^["']?groups["']?[ \t]*:|\{\s*"groups"\s*:""")
_ALERT = re.compile(r"""["']?\balert["']?\s*:""")
_SETTINGS = re.compile(r"""(?m)^["']?(?:rules_files?|load_plugins|plugins|artifact)["']?[ \t]*:""")
_PLACE = re.compile(r"^[^:]*:")
_UNGROUPED = "its top level is a list of rules, and Prometheus takes a mapping with `groups`: it refuses the file"

# Labels whose keys say that a program watches for ConfigMaps through the API; of labels, no value is kept.
_MAX_LABELS = 20


def rules_in(item: wire.ConfigMap, origin: str = "") -> RuleConfigMap | None:
    """What is kept of a ConfigMap; None where nothing of it is."""
    metadata = item.metadata or wire.Metadata()
    data = {key: text for key, text in sorted((item.data or {}).items()) if isinstance(text, str)}
    keys = tuple(found for key, text in data.items() for found in _key(key, text))
    if any(policy.kind in (ADMISSION, IMAGE_POLICY) for key in keys for policy in key.policies):
        keys += tuple(found for key, text in data.items() for found in _kubeconfig(key, text))
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
            yield KeyFacts(key, "falco rules", unread="it is larger than a ConfigMap can be")
        return
    if is_rego(text):
        yield KeyFacts(key, "policy", policies=(PolicyText("Rego"),))
        return
    prometheus = "groups" in text and bool(_PROMETHEUS.search(text))
    if not (prometheus or _may_be_rules(text) or may_hold_policy(text)):
        return
    try:
        documents = _documents(text)
        custom = [] if inner else [found for document in documents for found in _custom_rules(key, document)]
        yield from custom or _facts(key, documents, surely_falco=bool(_SURELY_FALCO.search(text)))
    except SourceError as error:
        surely = _SURELY_FALCO.search(text)
        if surely or prometheus:
            reason = _PLACE.sub("line ", str(error), count=1)
            yield KeyFacts(key, "falco rules" if surely else "prometheus rules", reason)


def _may_be_rules(text: str) -> bool:
    """Whether it is worth reading; words are looked for first, as most texts have none of them."""
    if any(word in text for word in ("rule", "macro", "list")) and _FALCO.search(text):
        return True
    return ("alert" in text and bool(_ALERT.search(text))) or bool(_SETTINGS.search(text))


def _documents(text: str) -> list[Any]:
    """Those of a text in YAML or JSON. Raises SourceError."""
    source = text.removeprefix("\ufeff").encode("utf-8", "replace")
    return [_whole(document.value) for document in read_yaml(source, "it")]


def _whole(value: Any) -> Any:
    """A document with its `items`, which the reader leaves as JSON."""
    items = mapping(value).get("items")
    if not isinstance(items, list):
        return value
    return {**value, "items": [msgspec.json.decode(item) if isinstance(item, Raw) else item for item in items]}


def _facts(key: str, documents: list[Any], *, surely_falco: bool) -> Iterator[KeyFacts]:
    items = [entry for document in documents if isinstance(document, list) for entry in document]
    mappings = [document for document in documents if isinstance(document, dict)]
    if surely_falco or any(map(is_entry, items)):
        falco = tuple(entries(items))
        if falco:
            unread = f"it has more than {MAX_FACTS} rules, macros and lists" if len(falco) > MAX_FACTS else ""
            yield KeyFacts(key, "falco rules", unread=unread, falco=falco[:MAX_FACTS])
            return
    mapped = tuple(item for found in mappings for item in mapped_entries(found))
    if mapped:
        yield KeyFacts(key, "falco rules", _MAPPED, falco=mapped[:MAX_FACTS])
        return
    if any(map(is_rule, items)):
        rules = tuple(rules_of_group({"rules": items}))
        yield KeyFacts(key, "prometheus rules", _UNGROUPED, prometheus=rules[:MAX_FACTS])
        return
    rules = tuple(rule for found in mappings for rule in rules_of_file(found))
    if rules:
        fault = next((fault for found in mappings if (fault := misplaced(found))), "")
        unread = f"it has more than {MAX_FACTS} rules" if len(rules) > MAX_FACTS else ""
        yield KeyFacts(key, "prometheus rules", fault, unread, prometheus=rules[:MAX_FACTS])
        return
    for found in mappings:
        settings = settings_in(found)
        if settings:
            yield KeyFacts(key, "falco settings", settings=settings)
            return
    policies = tuple(policies_in(mappings))
    if policies:
        yield KeyFacts(key, "policy", policies=policies)


def _kubeconfig(key: str, text: str) -> Iterator[KeyFacts]:
    """A kubeconfig beside the files of an admission plugin: elsewhere it is anybody's."""
    if len(text) > MAX_VALUE or not may_hold_kubeconfig(text):
        return
    try:
        found = tuple(kubeconfigs_in(_documents(text)))
    except SourceError:
        return
    if found:
        yield KeyFacts(key, "policy", policies=found)


def _custom_rules(key: str, document: Any) -> Iterator[KeyFacts]:
    """Values for Falco's chart, which makes a file of each text below customRules; also as those of a subchart."""
    left = MAX_VALUE  # aliases could make more of it than was written
    for values in (document, *mapping(document).values()):
        for name, text in mapping(mapping(values).get("customRules")).items():
            left -= len(text) if isinstance(text, str) else 0
            if isinstance(text, str) and left >= 0 and _FALCO.search(text):
                found = _key(f"{key}/{name}"[:500], text, inner=True)
                yield from (facts for facts in found if facts.form == "falco rules")
