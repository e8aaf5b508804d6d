"""Documents that decide about images or admission where the right program reads them, by their kinds.

The files of the API server's image policy plugin: k8s plugin/pkg/admission/imagepolicy and apiserver/pkg/admission.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from auditor.monitoring.facts import PolicyText
from auditor.monitoring.loose import mapping, sequence, text

ADMISSION = "AdmissionConfiguration"
"""The file that names the configurations of the API server's admission plugins."""
IMAGE_POLICY = "ImagePolicyWebhook"
"""What stands for the kind of the plugin's own file, which need not have one."""
_KINDS = re.compile(r"\w{0,200}(?:Policy|Policies|Constraint\w{0,200}|ImagePolicy\w{0,200})", re.ASCII)
_GROUPS = frozenset(
    "constraints.gatekeeper.sh templates.gatekeeper.sh mutations.gatekeeper.sh expansion.gatekeeper.sh kyverno.io "
    "policies.kyverno.io cli.kyverno.io policy.sigstore.dev policies.kubewarden.io admissionregistration.k8s.io".split()
)
_MAY_BE = re.compile(
    r"""["']?\bkind["']?[ \t]*:\s*["']?\w{0,200}(?:Policy|Policies|Constraint|ImagePolicy|AdmissionConfiguration)
      | \b(?:gatekeeper\.sh|kyverno\.io|sigstore\.dev|kubewarden\.io|admissionregistration\.k8s\.io)/""",
    re.VERBOSE,
)
_IS_KUBECONFIG = re.compile(r"""\bkind["']?[ \t]*:\s*["']?Config\b""")
_REGO = re.compile(r"(?m)^package[ \t]+[\w.]+[ \t]*$")
_REGO_RULE = re.compile(
    r"(?m)^(?:default[ \t]+)?(?:deny|violation|warn|allow|main)\b(?:[^\n]*[\[{=]|[ \t]+(?:if|contains)\b)"
)
_GROUP_VERSION = re.compile(r"(?:[a-z0-9]+(?:[.-][a-z0-9]+)*/)?v[0-9]+(?:(?:alpha|beta)[0-9]+)?", re.ASCII)
_OBJECT_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)
_MOST = 5000


def may_hold_policy(source: str) -> bool:
    """Whether it is worth reading for policies; much that is none passes."""
    return "imagePolicy" in source or ("kind" in source and _MAY_BE.search(source) is not None)


def may_hold_kubeconfig(source: str) -> bool:
    return "clusters" in source and _IS_KUBECONFIG.search(source) is not None


def is_rego(source: str) -> bool:
    """Whether it is a module of Rego with rules that decide."""
    return _REGO.search(source) is not None and _REGO_RULE.search(source) is not None


def policies_in(documents: list[Any]) -> Iterator[PolicyText]:
    """Of documents, and of the lists among them."""
    waiting, left = documents[::-1], _MOST
    while waiting and left:
        found, left = mapping(waiting.pop()), left - 1
        kind = text(found.get("kind"))
        if kind.endswith("List") and isinstance(found.get("items"), list):
            waiting += found["items"][:left][::-1]
        elif kind == ADMISSION:
            plugins = [text(mapping(plugin).get("name")) for plugin in sequence(found.get("plugins"))]
            if IMAGE_POLICY in plugins:
                yield PolicyText(ADMISSION, _version(found))
        elif not kind and "kubeConfigFile" in mapping(found.get("imagePolicy")):
            yield PolicyText(IMAGE_POLICY)
        elif _version(found).partition("/")[0] in _GROUPS or _KINDS.fullmatch(kind):
            name = text(mapping(found.get("metadata")).get("name"))
            yield PolicyText(kind[:200], _version(found), name if _OBJECT_NAME.fullmatch(name) else "")


def kubeconfigs_in(documents: list[Any]) -> Iterator[PolicyText]:
    """Kubeconfigs, of which nothing but that is kept."""
    for document in documents:
        found = mapping(document)
        if found.get("kind") == "Config" and "clusters" in found:
            yield PolicyText("kubeconfig")


def _version(found: dict[str, Any]) -> str:
    version = text(found.get("apiVersion"))
    return version if _GROUP_VERSION.fullmatch(version) else ""
