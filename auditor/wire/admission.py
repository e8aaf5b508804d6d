"""The lists of what takes part in admission."""

from __future__ import annotations

from auditor.wire.policies import Parameter, PolicyObject
from auditor.wire.resource import Resource
from auditor.wire.services import EndpointSlice, Service

_REGISTRATION = "admissionregistration.k8s.io"
_KYVERNO = "policies.kyverno.io"
_KUBEWARDEN = "policies.kubewarden.io"
_OPENSHIFT = "config.openshift.io"


def _policy(
    plural: str, kind: str, group: str, version: str = "v1", *versions: str, namespaced: bool = False
) -> Resource:
    return Resource(f"{plural}.{group}", kind, PolicyObject, group, version, namespaced, versions=versions)


ADMISSION: tuple[Resource, ...] = (
    Resource("services", "Service", Service, protobuf=True),
    Resource(
        "endpointslices.discovery.k8s.io", "EndpointSlice", EndpointSlice, group="discovery.k8s.io", protobuf=True
    ),
    _policy("validatingwebhookconfigurations", "ValidatingWebhookConfiguration", _REGISTRATION),
    _policy("mutatingwebhookconfigurations", "MutatingWebhookConfiguration", _REGISTRATION),
    _policy("validatingadmissionpolicies", "ValidatingAdmissionPolicy", _REGISTRATION, "v1", "v1beta1"),
    _policy("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", _REGISTRATION, "v1", "v1beta1"),
    _policy("mutatingadmissionpolicies", "MutatingAdmissionPolicy", _REGISTRATION, "v1", "v1beta1"),
    _policy("mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding", _REGISTRATION, "v1", "v1beta1"),
    _policy("constrainttemplates", "ConstraintTemplate", "templates.gatekeeper.sh", "v1", "v1beta1"),
    _policy("configs", "Config", "config.gatekeeper.sh", "v1alpha1", namespaced=True),
    _policy("clusterpolicies", "ClusterPolicy", "kyverno.io"),
    _policy("policies", "Policy", "kyverno.io", namespaced=True),
    _policy("policyexceptions", "PolicyException", "kyverno.io", "v2", "v2beta1", namespaced=True),
    _policy("validatingpolicies", "ValidatingPolicy", _KYVERNO, "v1", "v1beta1", "v1alpha1"),
    _policy("imagevalidatingpolicies", "ImageValidatingPolicy", _KYVERNO, "v1", "v1beta1", "v1alpha1"),
    _policy("namespacedvalidatingpolicies", "NamespacedValidatingPolicy", _KYVERNO, "v1", "v1beta1", namespaced=True),
    _policy(
        "namespacedimagevalidatingpolicies",
        "NamespacedImageValidatingPolicy",
        _KYVERNO,
        "v1",
        "v1beta1",
        namespaced=True,
    ),
    _policy("policyexceptions", "PolicyException", _KYVERNO, "v1", "v1beta1", "v1alpha1", namespaced=True),
    _policy("clusterimagepolicies", "ClusterImagePolicy", "policy.sigstore.dev", "v1beta1", "v1alpha1"),
    _policy("clusteradmissionpolicies", "ClusterAdmissionPolicy", _KUBEWARDEN, "v1", "v1alpha2"),
    _policy("admissionpolicies", "AdmissionPolicy", _KUBEWARDEN, "v1", "v1alpha2", namespaced=True),
    _policy("clusteradmissionpolicygroups", "ClusterAdmissionPolicyGroup", _KUBEWARDEN),
    _policy("admissionpolicygroups", "AdmissionPolicyGroup", _KUBEWARDEN, namespaced=True),
    _policy("policyservers", "PolicyServer", _KUBEWARDEN, "v1", "v1alpha2"),
    _policy("images", "Image", _OPENSHIFT),
    _policy("clusterimagepolicies", "ClusterImagePolicy", _OPENSHIFT, "v1", "v1alpha1"),
    _policy("imagepolicies", "ImagePolicy", _OPENSHIFT, "v1", "v1alpha1", namespaced=True),
)
"""What takes part in admission; those of groups that a cluster does not serve are absent."""

CONSTRAINTS = "constraints.gatekeeper.sh"
"""The group whose kinds ConstraintTemplates make: found by discovery, covered under this name."""

CONFIGMAPS = (
    ("kyverno", "kyverno"),
    ("cosign-system", "config-policy-controller"),
    ("connaisseur", "connaisseur-app-config"),
    ("connaisseur", "connaisseur-env"),
)
"""(namespace, name) of the ConfigMaps in which engines keep what decides about enforcement, as their charts do."""

SETTINGS = Resource("configmaps", "ConfigMap", PolicyObject)
"""ConfigMaps of CONFIGMAPS' names: read one by one, where the engine is."""

PARAMETERS = Resource("params", "", Parameter, namespaced=False)
"""What ValidatingAdmissionPolicies take their parameters from, of whatever kind: found by their spec.paramKind."""

FOUND = (
    Resource(CONSTRAINTS, "", PolicyObject, CONSTRAINTS, "v1beta1", namespaced=False),
    SETTINGS,
    PARAMETERS,
)
"""What is found through other objects or discovery, and is no one list."""
