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
    from auditor.monitoring.facts import KeyFacts
    from auditor.monitoring.falco import RuleSet
    from auditor.monitoring.faults import Fault
    from auditor.monitoring.network import (
        Opening,
        allows_dns,
        carries,
        ignores_egress,
        isolates_egress,
        means_registries,
        missing_namespaces,
        openings,
    )
    from auditor.monitoring.promql import may_fire_without
    from auditor.monitoring.series import asks_for_pulls, dead_series, may_be_recorded, unknown_series
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
    from auditor.watcher_loading import AlertLoading, FalcoLoading
    from auditor.watcher_mounts import Mounts, admits, loads_alerts
    from auditor.watcher_nodes import RuntimeDetection
    from auditor.watchers import AlertRules, EgressPolicy, FalcoRules, NamespaceSelection, StoredRules
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
    "monitoring.facts": ("KeyFacts",),
    "monitoring.falco": ("RuleSet",),
    "monitoring.faults": ("Fault",),
    "monitoring.network": (
        "Opening",
        "allows_dns",
        "carries",
        "ignores_egress",
        "ignores_egress",
        "isolates_egress",
        "means_registries",
        "missing_namespaces",
        "openings",
    ),
    "monitoring.promql": ("may_fire_without",),
    "monitoring.series": ("asks_for_pulls", "dead_series", "may_be_recorded", "unknown_series"),
    "watcher_loading": ("AlertLoading", "FalcoLoading"),
    "watcher_mounts": ("Mounts", "admits", "loads_alerts"),
    "watcher_nodes": ("RuntimeDetection",),
    "watchers": ("AlertRules", "EgressPolicy", "FalcoRules", "NamespaceSelection", "StoredRules"),
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
    "KeyFacts",
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
    "admits",
    "aliased",
    "allowlist",
    "allows_dns",
    "asks_for_pulls",
    "carries",
    "check",
    "cis",
    "cluster_dns",
    "comparable_runs",
    "dead_series",
    "docs",
    "ignores_egress",
    "is_docker_hub_key",
    "is_docker_hub_lookalike",
    "is_glob",
    "is_root",
    "is_static",
    "isolates_egress",
    "kep",
    "key_problem",
    "last_value",
    "loads_alerts",
    "may_be_recorded",
    "may_fire_without",
    "means_registries",
    "missing_namespaces",
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
    "service_name",
    "severity_counts",
    "taken_for_docker_hub",
    "unknown_series",
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
