"""The public API, all of it: what a check imports. Most of it is imported when it is first asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from auditor.check import (
    CLUSTER,
    WITH_REGISTRY,
    WITH_SCANS,
    About,
    Check,
    Fail,
    Manual,
    Result,
    Skip,
    check,
    cis,
    docs,
    kep,
)

if TYPE_CHECKING:
    from auditor.admission_views import (
        AdmissionWebhook,
        AdmissionWebhooks,
        Allowlists,
        Backends,
        NamespaceLabels,
        OwnNamespaces,
        PodAdmission,
    )
    from auditor.coverage import Unread
    from auditor.credentials import DOCKERCFG, AuthEntry
    from auditor.enforcement.chain import Answer, Fact, Flaw, Goal, ImagePolicy, Link, verdict
    from auditor.enforcement.matrix import Enforcement
    from auditor.evidence import Evidence, ImageEvidence, Platform, SignatureMaterial, Step, Unavailable, is_root
    from auditor.hostfacts import Backend as PolicyBackend
    from auditor.hostfacts import CertificateFacts, PluginSettings, StartFault
    from auditor.image import DOCKER_HUB, Entry, MalformedReference, Reference, parse, parse_entry, parse_image_id
    from auditor.image_policy_files import ImagePolicyBackends, ImagePolicyFiles, PluginFiles
    from auditor.images import Image, comparable_runs
    from auditor.keyproblem import is_docker_hub_lookalike, key_problem
    from auditor.list_views import (
        ControlPlane,
        Credentials,
        ImageUses,
        Nodes,
        PodsOnNodes,
        PullSecrets,
        Served,
        ServiceAccounts,
        usable,
    )
    from auditor.model import (
        Container,
        ControlPlanePod,
        Mount,
        Namespace,
        Node,
        OtherSecret,
        Owner,
        PullSecret,
        ServiceAccount,
        Shape,
    )
    from auditor.monitoring.falco import Fault, RuleSet
    from auditor.monitoring.metrics import (
        claims_pulls,
        counts_operations,
        exports_pulls,
        is_gone,
        is_no_operation,
        is_usual,
    )
    from auditor.monitoring.network import Opening, allows_dns, carries, isolates_egress, means_registries, openings
    from auditor.monitoring.promql import Selector, may_fire_without, selectors
    from auditor.mounts import absolute, mount_of
    from auditor.plugins import ALL as ADMISSION_PLUGINS
    from auditor.plugins import AdmissionPlugins, admission_plugins, last_value
    from auditor.policy import Policy
    from auditor.registrykey import (
        is_docker_hub_key,
        is_glob,
        parse_key,
        path_prefix_without_slash,
        taken_for_docker_hub,
    )
    from auditor.report import Severity, Subject
    from auditor.scans.joins import Joined, Scans
    from auditor.scans.judgement import VulnerabilityRules, Weighed, severity_counts
    from auditor.scans.results import Scan, moment
    from auditor.secret_index import RegistryKeys, SecretUsers
    from auditor.signatures.judgement import Judged, Judgement, Signatures
    from auditor.subjects import ApiServer, CachedImage, Cluster, Credential, ImageUse, NodeRepository, NodeTag
    from auditor.watchers import (
        AlertLoading,
        AlertRules,
        EgressPolicy,
        FalcoLoading,
        FalcoRules,
        Mounts,
        NamespaceSelection,
        RuntimeDetection,
        StoredRules,
        loads_alerts,
    )
    from auditor.webhook_backend import (
        Place,
        aliased,
        allowlist,
        cluster_dns,
        is_static,
        out_of_date,
        replicas,
        service_name,
    )

# The module that each further name comes from. `check` is imported above: it shares its module's name.
_HOMES = {
    "admission_views": (
        "AdmissionWebhook",
        "AdmissionWebhooks",
        "Allowlists",
        "Backends",
        "NamespaceLabels",
        "OwnNamespaces",
        "PodAdmission",
    ),
    "coverage": ("Unread",),
    "credentials": ("DOCKERCFG", "AuthEntry"),
    "enforcement.chain": ("Answer", "Fact", "Flaw", "Goal", "ImagePolicy", "Link", "verdict"),
    "enforcement.matrix": ("Enforcement",),
    "evidence": ("Evidence", "ImageEvidence", "Platform", "SignatureMaterial", "Step", "Unavailable", "is_root"),
    "hostfacts": ("CertificateFacts", "PluginSettings", "StartFault"),
    "image": ("DOCKER_HUB", "Entry", "MalformedReference", "Reference", "parse", "parse_entry", "parse_image_id"),
    "image_policy_files": ("ImagePolicyBackends", "ImagePolicyFiles", "PluginFiles"),
    "images": ("Image", "comparable_runs"),
    "keyproblem": ("is_docker_hub_lookalike", "key_problem"),
    "model": (
        "Container",
        "ControlPlanePod",
        "Mount",
        "Namespace",
        "Node",
        "OtherSecret",
        "Owner",
        "PullSecret",
        "ServiceAccount",
        "Shape",
    ),
    "mounts": ("absolute", "mount_of"),
    "plugins": ("AdmissionPlugins", "admission_plugins", "last_value"),
    "policy": ("Policy",),
    "registrykey": ("is_docker_hub_key", "is_glob", "parse_key", "path_prefix_without_slash", "taken_for_docker_hub"),
    "report": ("Severity", "Subject"),
    "scans.joins": ("Joined", "Scans"),
    "scans.judgement": ("VulnerabilityRules", "Weighed", "severity_counts"),
    "scans.results": ("Scan", "moment"),
    "secret_index": ("RegistryKeys", "SecretUsers"),
    "signatures.judgement": ("Judged", "Judgement", "Signatures"),
    "subjects": ("ApiServer", "CachedImage", "Cluster", "Credential", "ImageUse", "NodeRepository", "NodeTag"),
    "list_views": (
        "ControlPlane",
        "Credentials",
        "ImageUses",
        "Nodes",
        "PodsOnNodes",
        "PullSecrets",
        "Served",
        "ServiceAccounts",
        "usable",
    ),
    "monitoring.falco": ("Fault", "RuleSet"),
    "monitoring.metrics": (
        "claims_pulls",
        "counts_operations",
        "exports_pulls",
        "is_gone",
        "is_no_operation",
        "is_usual",
    ),
    "monitoring.network": ("Opening", "allows_dns", "carries", "isolates_egress", "means_registries", "openings"),
    "monitoring.promql": ("Selector", "may_fire_without", "selectors"),
    "watchers": (
        "AlertLoading",
        "AlertRules",
        "EgressPolicy",
        "FalcoLoading",
        "FalcoRules",
        "Mounts",
        "NamespaceSelection",
        "RuntimeDetection",
        "StoredRules",
        "loads_alerts",
    ),
    "webhook_backend": (
        "Place",
        "aliased",
        "allowlist",
        "cluster_dns",
        "is_static",
        "out_of_date",
        "replicas",
        "service_name",
    ),
}
_RENAMED = {"ADMISSION_PLUGINS": ("plugins", "ALL"), "PolicyBackend": ("hostfacts", "Backend")}
_HOME = {name: (home, name) for home, names in _HOMES.items() for name in names} | _RENAMED

__all__ = [
    "ADMISSION_PLUGINS",
    "CLUSTER",
    "DOCKERCFG",
    "DOCKER_HUB",
    "WITH_REGISTRY",
    "WITH_SCANS",
    "About",
    "AdmissionPlugins",
    "AdmissionWebhook",
    "AdmissionWebhooks",
    "AlertLoading",
    "AlertRules",
    "Allowlists",
    "Answer",
    "ApiServer",
    "AuthEntry",
    "Backends",
    "CachedImage",
    "CertificateFacts",
    "Check",
    "Cluster",
    "Container",
    "ControlPlane",
    "ControlPlanePod",
    "Credential",
    "Credentials",
    "EgressPolicy",
    "Enforcement",
    "Entry",
    "Evidence",
    "Fact",
    "Fail",
    "FalcoLoading",
    "FalcoRules",
    "Fault",
    "Flaw",
    "Goal",
    "Image",
    "ImageEvidence",
    "ImagePolicy",
    "ImagePolicyBackends",
    "ImagePolicyFiles",
    "ImageUse",
    "ImageUses",
    "Joined",
    "Judged",
    "Judgement",
    "Link",
    "MalformedReference",
    "Manual",
    "Mount",
    "Mounts",
    "Namespace",
    "NamespaceLabels",
    "NamespaceSelection",
    "Node",
    "NodeRepository",
    "NodeTag",
    "Nodes",
    "Opening",
    "OtherSecret",
    "OwnNamespaces",
    "Owner",
    "Place",
    "Platform",
    "PluginFiles",
    "PluginSettings",
    "PodAdmission",
    "PodsOnNodes",
    "Policy",
    "PolicyBackend",
    "PullSecret",
    "PullSecrets",
    "Reference",
    "RegistryKeys",
    "Result",
    "RuleSet",
    "RuntimeDetection",
    "Scan",
    "Scans",
    "SecretUsers",
    "Selector",
    "Served",
    "ServiceAccount",
    "ServiceAccounts",
    "Severity",
    "Shape",
    "SignatureMaterial",
    "Signatures",
    "Skip",
    "StartFault",
    "Step",
    "StoredRules",
    "Subject",
    "Unavailable",
    "Unread",
    "VulnerabilityRules",
    "Weighed",
    "absolute",
    "admission_plugins",
    "aliased",
    "allowlist",
    "allows_dns",
    "carries",
    "check",
    "cis",
    "claims_pulls",
    "cluster_dns",
    "comparable_runs",
    "counts_operations",
    "docs",
    "exports_pulls",
    "is_docker_hub_key",
    "is_docker_hub_lookalike",
    "is_glob",
    "is_gone",
    "is_no_operation",
    "is_root",
    "is_static",
    "is_usual",
    "isolates_egress",
    "kep",
    "key_problem",
    "last_value",
    "loads_alerts",
    "may_fire_without",
    "means_registries",
    "moment",
    "mount_of",
    "openings",
    "out_of_date",
    "parse",
    "parse_entry",
    "parse_image_id",
    "parse_key",
    "path_prefix_without_slash",
    "replicas",
    "selectors",
    "service_name",
    "severity_counts",
    "taken_for_docker_hub",
    "usable",
    "verdict",
]


def __getattr__(name: str) -> Any:
    """A name of the public API, on its first use: the command line starts without all that checks may need."""
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{home[0]}"), home[1])
    return value
