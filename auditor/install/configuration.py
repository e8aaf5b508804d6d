"""What the audit is given and what it keeps: ConfigMaps with the policy and the baseline."""

from __future__ import annotations

import base64
from typing import Any

from auditor.install.manifest import Noted, Object
from auditor.install.naming import AUTHORITY, BASELINE, CLUSTERS, POLICY, metadata
from auditor.install.settings import Fleet, PolicyText, Settings

FILE = "policy.yaml"
AUTHORITY_FILE = "ca.pem"
_NAMES = "What reports call the clusters, by the index of the pod that audits each."
_KEPT = "What was found last. The audit fills it; applying this again leaves the content alone."


def policy_map(settings: Settings, policy: PolicyText) -> Object:
    """The policy, and the files that it names: as text where they are."""
    meta = metadata(settings, "policy", POLICY)
    made: Object = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {**meta, "annotations": policy.fingerprints},
        "data": {FILE: policy.text},
    }
    for key, path in _keys(policy).items():
        try:
            made["data"][key] = policy.files[path].decode()
        except UnicodeDecodeError:
            made.setdefault("binaryData", {})[key] = base64.b64encode(policy.files[path]).decode()
    return made


def policy_volume(policy: PolicyText) -> dict[str, Any]:
    """Every file where the policy names it: a key cannot hold a path."""
    items = {FILE: FILE, **_keys(policy)}
    return {"configMap": {"name": POLICY, "items": [{"key": key, "path": path} for key, path in items.items()]}}


def baseline_map(settings: Settings) -> Noted:
    meta = metadata(settings, "baseline", BASELINE)
    return Noted({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta}, _KEPT)


def authority_map(settings: Settings, certificates: str) -> Object:
    """Whom to trust when a registry answers, beside the image's own authorities."""
    meta = metadata(settings, "registry-ca", AUTHORITY)
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {AUTHORITY_FILE: certificates}}


def names_map(settings: Settings, fleet: Fleet) -> Noted:
    meta = metadata(settings, "clusters", CLUSTERS)
    names = {str(index): key for index, key in enumerate(fleet.keys)}
    return Noted({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": names}, _NAMES)


def _keys(policy: PolicyText) -> dict[str, str]:
    """The paths of the policy's files by their keys."""
    return {f"file-{number}": path for number, path in enumerate(sorted(policy.files))}
