"""What is kept of rules that lie in ConfigMaps: parsed facts, never the text that they were read from."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

FalcoKind = Literal["rule", "macro", "list", "engine", "plugin"]
Form = Literal["falco rules", "falco settings", "prometheus rules", "policy"]


MAX_FACTS = 5000
"""Rules, macros and lists of one file or object; what is beyond is not read, and that is told."""


class Facts(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of what is kept."""


class FalcoException(Facts, frozen=True):
    """An exception of a rule. `fields` and `comparisons` as they are written, one or a list of them, None where they
    are not; `values` likewise, each for one field or one for each of several."""

    name: str
    fields: str | tuple[str, ...] | None = None
    comparisons: str | tuple[str, ...] | None = None
    values: tuple[str | tuple[str | tuple[str, ...], ...], ...] = ()


class FalcoItem(Facts, frozen=True):
    """A rule, macro or list, in the order of its file, or what the file requires: the version of an engine (its name),
    or a plugin (its name, with alternatives as items). `changes` says for each key whether it appends to or replaces
    that of an earlier item of the name; `missing` are the keys that a new one must have and lacks. `fault` says why it
    is none.
    """

    kind: FalcoKind
    name: str
    condition: str = ""
    output: str = ""
    source: str = ""
    priority: str = ""
    items: tuple[str, ...] = ()
    excepted: tuple[FalcoException, ...] = ()
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
    """One key of a ConfigMap. `fault` says why no program can read it as what it looks like; `unread`, why it was not
    read here as a whole."""

    key: str
    form: Form
    fault: str = ""
    unread: str = ""
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
