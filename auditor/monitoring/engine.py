"""What is known of the Falco that loads rules: its plugins, what it fetches, and which files it has."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

NEWEST = (0, 63)
"""The engine of the newest Falco that is known here (userspace/engine/falco_engine_version.h, July 2026)."""

_PLUGIN_VERSION = re.compile(r"(?:^|/)k8saudit:v?0\.(\d+)", re.ASCII)
_REGISTRY = frozenset("json container k8smeta cloudtrail okta github gcpaudit krsi anomalydetection kafka".split())
_STOCK_ARTIFACTS = (
    "falco-rules", "falco-incubating-rules", "falco-sandbox-rules", "falco-deprecated-rules", "k8saudit-rules",
    "application-rules",
)  # fmt: skip


class Engine(Struct, frozen=True):
    """What is known of it. `plugins` None: not said. `all_files`: no rules files can exist beside those that were read
    and the stock ones. `ordered`: files are known to be loaded in the order in which they are given."""

    plugins: tuple[str, ...] | None = None
    artifacts: tuple[str, ...] = ()
    all_files: bool = False
    ordered: bool = False

    @property
    def old_audit(self) -> bool:
        """Whether its k8saudit plugin is known to be older than 0.18."""
        found = [int(match[1]) for name in self.artifacts if (match := _PLUGIN_VERSION.search(name))]
        return bool(found) and max(found) < 18

    @property
    def own_plugins(self) -> bool:
        """Whether it loads plugins that are not of Falco's registry; False where that is not said."""
        return self.plugins is not None and not all(map(_registered, self.plugins))

    def loads(self, plugin: str) -> bool | None:
        """Whether it loads a plugin, `k8saudit` in any of its forms; None where that is not said."""
        if self.plugins is None:
            return None
        return any(name.startswith(plugin) if plugin == "k8saudit" else name == plugin for name in self.plugins)


def is_newer(version: str) -> bool:
    """Whether an engine of this version, or number, is newer than any that is known here."""
    numbers = [int(part[:9]) for part in re.findall(r"[0-9]+", version)[:2]]
    return bool(numbers) and tuple(numbers if "." in version else (0, *numbers)) > NEWEST


def only_stock(references: Iterable[str]) -> bool:
    """Whether all artifacts are rules files of the Falco project, by falcoctl's short or whole names, or no rules."""
    return all(map(_is_stock, references))


def _is_stock(reference: str) -> bool:
    name = reference.rpartition("/")[2].partition(":")[0].partition("@")[0]
    return name in _STOCK_ARTIFACTS or "/plugin/" in reference or not name.endswith("rules")


def _registered(plugin: str) -> bool:
    return plugin in _REGISTRY or plugin.startswith("k8saudit")
