"""Which admission plugins an API server runs, from its flags."""

from __future__ import annotations

import csv
from collections.abc import Iterable

from msgspec import Struct

from auditor.model import Flag

ALL = frozenset(
    (
        "AlwaysAdmit AlwaysDeny AlwaysPullImages CertificateApproval CertificateSigning "
        "CertificateSubjectRestriction ClusterTrustBundleAttest DefaultIngressClass DefaultStorageClass "
        "DefaultTolerationSeconds DenyServiceExternalIPs EventRateLimit ExtendedResourceToleration "
        "ImagePolicyWebhook JobValidation LimitPodHardAntiAffinityTopology LimitRanger MutatingAdmissionPolicy "
        "MutatingAdmissionWebhook NamespaceAutoProvision NamespaceExists NamespaceLifecycle "
        "NodeDeclaredFeatureValidator NodeRestriction OwnerReferencesPermissionEnforcement "
        "PersistentVolumeClaimResize PodGroupProtection PodGroupWorkloadExists PodNodeSelector PodResizeValidator "
        "PodSecurity PodTolerationRestriction PodTopologyLabels Priority ResourceQuota RuntimeClass ServiceAccount "
        "StorageObjectInUseProtection TaintNodesByCondition ValidatingAdmissionPolicy ValidatingAdmissionWebhook "
    ).split()
)
"""The plugins of Kubernetes 1.32 to 1.36 (pkg/kubeapiserver/options/plugins.go)."""

OFF_BY_DEFAULT = frozenset(
    (
        "AlwaysAdmit AlwaysDeny AlwaysPullImages DenyServiceExternalIPs EventRateLimit ExtendedResourceToleration "
        "ImagePolicyWebhook LimitPodHardAntiAffinityTopology NamespaceAutoProvision NamespaceExists NodeRestriction "
        "OwnerReferencesPermissionEnforcement PodNodeSelector PodTolerationRestriction "
    ).split()
)


class AdmissionPlugins(Struct, frozen=True):
    """The plugin lists as the flags give them. `exclusive` is --admission-control, which turns all others off."""

    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    exclusive: tuple[str, ...] | None = None

    def enabled(self, plugin: str) -> bool:
        """Enabled is what is on by default and not disabled, and what is enabled; the exclusive list stands alone."""
        if self.exclusive is not None:
            return plugin in self.exclusive
        return plugin in self.enable or (plugin not in OFF_BY_DEFAULT and plugin not in self.disable)

    @property
    def named(self) -> tuple[str, ...]:
        """Every name in the lists, each once."""
        return tuple(dict.fromkeys((*self.enable, *self.disable, *(self.exclusive or ()))))


def admission_plugins(flags: Iterable[Flag]) -> AdmissionPlugins:
    """The lists: a repeated flag adds to its list, and nothing is trimmed from the names."""
    lists: dict[str, list[str]] = {}
    for flag in flags:
        if flag.dashes == 2 and flag.name != "admission-control-config-file":
            lists.setdefault(flag.name, []).extend(_names(flag.value))
    exclusive = lists.get("admission-control")
    return AdmissionPlugins(
        tuple(lists.get("enable-admission-plugins", ())),
        tuple(lists.get("disable-admission-plugins", ())),
        None if exclusive is None else tuple(exclusive),
    )


def _names(value: str) -> list[str]:
    """One value of a list flag, as pflag's stringSlice reads it: the first record of CSV, where quotes protect commas.

    A value that pflag refuses stops the server: its quotes stay in the names here, which no server knows then.
    """
    line = next((line.removesuffix("\r") for line in value.split("\n") if line.removesuffix("\r")), "")
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        return line.split(",")


def last_value(flags: Iterable[Flag], name: str) -> str | None:
    """The value of a flag of which the last one wins, None where it is not given."""
    return next((flag.value for flag in reversed(tuple(flags)) if flag.name == name and flag.dashes == 2), None)
