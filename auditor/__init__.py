"""The public API, all of it: what a check imports."""

from auditor.check import CLUSTER, About, Check, Fail, Manual, Result, Skip, check, cis, docs, kep
from auditor.credentials import DOCKERCFG, AuthEntry
from auditor.image import DOCKER_HUB, MalformedReference, Reference, parse, parse_image_id
from auditor.keyproblem import is_docker_hub_lookalike, key_problem
from auditor.model import Container, ControlPlanePod, Mount, Node, OtherSecret, Owner, PullSecret, ServiceAccount, Shape
from auditor.plugins import ALL as ADMISSION_PLUGINS
from auditor.plugins import AdmissionPlugins, admission_plugins, last_value
from auditor.policy import Policy
from auditor.registrykey import is_docker_hub_key, is_glob, parse_key, path_prefix_without_slash, taken_for_docker_hub
from auditor.report import Severity, Subject
from auditor.secret_index import RegistryKeys, SecretUsers
from auditor.subjects import ApiServer, CachedImage, Cluster, Credential, ImageUse, NodeRepository, NodeTag
from auditor.views import (
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

__all__ = [
    "ADMISSION_PLUGINS",
    "CLUSTER",
    "DOCKERCFG",
    "DOCKER_HUB",
    "About",
    "AdmissionPlugins",
    "ApiServer",
    "AuthEntry",
    "CachedImage",
    "Check",
    "Cluster",
    "Container",
    "ControlPlane",
    "ControlPlanePod",
    "Credential",
    "Credentials",
    "Fail",
    "ImageUse",
    "ImageUses",
    "MalformedReference",
    "Manual",
    "Mount",
    "Node",
    "NodeRepository",
    "NodeTag",
    "Nodes",
    "OtherSecret",
    "Owner",
    "PodsOnNodes",
    "Policy",
    "PullSecret",
    "PullSecrets",
    "Reference",
    "RegistryKeys",
    "Result",
    "SecretUsers",
    "Served",
    "ServiceAccount",
    "ServiceAccounts",
    "Severity",
    "Shape",
    "Skip",
    "Subject",
    "admission_plugins",
    "check",
    "cis",
    "docs",
    "is_docker_hub_key",
    "is_docker_hub_lookalike",
    "is_glob",
    "kep",
    "key_problem",
    "last_value",
    "parse",
    "parse_image_id",
    "parse_key",
    "path_prefix_without_slash",
    "taken_for_docker_hub",
    "usable",
]
