"""What is kept of rules that lie in ConfigMaps: parsed facts, never the text that they were read from."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

FalcoKind = Literal["rule", "macro", "list"]
Form = Literal["falco rules", "falco settings", "prometheus rules", "policy"]


class Facts(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of what is kept."""


class FalcoItem(Facts, frozen=True):
    """A rule, macro or list, in the order of its file. `changes` says for each key whether it appends to or replaces
    that of an earlier item of the name; `missing` are the keys that a new one must have and lacks; `exceptions` the
    fields of its exceptions. `fault` says why it is none.
    """

    kind: FalcoKind
    name: str
    condition: str = ""
    output: str = ""
    source: str = ""
    priority: str = ""
    items: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    changes: dict[str, str] = {}
    missing: tuple[str, ...] = ()
    skip_unknown: bool = False
    warn_types: bool = True
    enabled: bool = True
    fault: str = ""


class FalcoSettings(Facts, frozen=True):
    """Of falco.yaml and falcoctl.yaml: the files with rules, the plugins that are loaded (None: not said), and the
    references of the artifacts that are fetched."""

    rules_files: tuple[str, ...] = ()
    plugins: tuple[str, ...] | None = None
    artifacts: tuple[str, ...] = ()


class PrometheusRule(Facts, frozen=True):
    """An alert or a recording rule. `about_pulls`: its name or its words speak of image pulls."""

    group: str
    kind: Literal["alert", "record"]
    name: str
    expr: str = ""
    about_pulls: bool = False


class PolicyText(Facts, frozen=True):
    """A document that looks like a policy. `kind` is `Rego` for that language."""

    kind: str
    api_version: str = ""
    name: str = ""


class KeyFacts(Facts, frozen=True):
    """One key of a ConfigMap. `fault` says why it cannot be read as what it looks like."""

    key: str
    form: Form
    fault: str = ""
    falco: tuple[FalcoItem, ...] = ()
    settings: FalcoSettings | None = None
    prometheus: tuple[PrometheusRule, ...] = ()
    policies: tuple[PolicyText, ...] = ()


class RuleConfigMap(Facts, frozen=True):
    """A ConfigMap in which something lies that is meant to watch or to decide. Its other keys leave no trace. Or a file
    of rules that was given as it is: then the name is its path, with a slash, and it is in no namespace."""

    namespace: str
    name: str
    keys: tuple[KeyFacts, ...]
    labels: tuple[str, ...] = ()
    origin: str = ""

    @property
    def kind(self) -> str:
        return "File" if "/" in self.name else "ConfigMap"
