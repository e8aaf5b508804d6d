"""falco.yaml and falcoctl.yaml: which rules are loaded, by which plugins, and what is fetched."""

from __future__ import annotations

import re
from typing import Any

from auditor.monitoring.facts import FalcoSettings
from auditor.monitoring.loose import mapping, sequence, text

_BEFORE_HOST = re.compile(r"^.*@(?!sha\d+:)", re.DOTALL)
_REFERENCE = re.compile(r"[\w.:/@-]{1,500}", re.ASCII)


def settings_in(found: dict[str, Any]) -> FalcoSettings | None:
    """What is kept of one of the two files; None where it is neither."""
    files = next((found[key] for key in ("rules_files", "rules_file") if key in found), None)
    loaded, plugins = found.get("load_plugins"), found.get("plugins")
    artifact = mapping(found.get("artifact"))
    refs = [
        _artifact(text(ref))
        for part in ("install", "follow")
        for ref in sequence(mapping(artifact.get(part)).get("refs"))
    ]
    if files is None and not refs:
        return None
    names = None
    if isinstance(loaded, list):
        names = tuple(text(name)[:200] for name in loaded)
    elif "plugins" in found and "load_plugins" not in found:
        names = tuple(text(mapping(plugin).get("name"))[:200] for plugin in sequence(plugins))
    paths = (files,) if isinstance(files, str) else sequence(files)
    return FalcoSettings(tuple(text(path)[:500] for path in paths), names, tuple(refs))


def _artifact(reference: str) -> str:
    """A reference without what stands before its host, which may be a password; empty where it is none."""
    bare = _BEFORE_HOST.sub("", reference)
    return bare if _REFERENCE.fullmatch(bare) else ""
