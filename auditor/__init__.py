"""The public API, all of it: what a check imports."""

from auditor.check import CLUSTER, About, Check, Fail, Manual, check, cis, docs, kep
from auditor.image import DOCKER_HUB, MalformedReference, Reference, parse, parse_image_id
from auditor.model import Container, ControlPlanePod, Node, OtherSecret, Owner, PullSecret, ServiceAccount, Shape
from auditor.plugins import AdmissionPlugins, admission_plugins, last_value
from auditor.policy import Policy
from auditor.report import Severity, Subject
from auditor.subjects import ApiServer, CachedImage, Cluster, Credential, ImageUse, NodeRepository, NodeTag
from auditor.views import (
    ControlPlane,
    Credentials,
    ImageUses,
    Nodes,
    PullSecrets,
    Served,
    ServiceAccounts,
    usable,
)

__all__ = [
    "CLUSTER",
    "DOCKER_HUB",
    "About",
    "AdmissionPlugins",
    "ApiServer",
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
    "Node",
    "NodeRepository",
    "NodeTag",
    "Nodes",
    "OtherSecret",
    "Owner",
    "Policy",
    "PullSecret",
    "PullSecrets",
    "Reference",
    "Served",
    "ServiceAccount",
    "ServiceAccounts",
    "Severity",
    "Shape",
    "Subject",
    "admission_plugins",
    "check",
    "cis",
    "docs",
    "kep",
    "last_value",
    "parse",
    "parse_image_id",
    "usable",
]
