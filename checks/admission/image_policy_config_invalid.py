"""Admission configurations with which the API server does not start."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import ApiServer, Fail, ImagePolicyFiles, Manual, PluginFiles, Severity, StartFault, check, docs
from checks.admission._image_policy import CONFIG_PAGE


@check(
    "The API server does not start with its image policy configuration",
    severity=Severity.CRITICAL,
    references=(docs(CONFIG_PAGE), docs("reference/config-api/apiserver-config.v1/")),
    remediation="""
        Mend the files on every control-plane node before its kube-apiserver restarts. A configuration that is right:

            apiVersion: apiserver.config.k8s.io/v1
            kind: AdmissionConfiguration
            plugins:
              - name: ImagePolicyWebhook
                configuration:
                  imagePolicy:
                    kubeConfigFile: /etc/kubernetes/image-policy/kubeconfig.yaml
                    allowTTL: 50          # seconds, 1 to 1800
                    denyTTL: 50
                    retryBackoff: 500     # milliseconds, 1 to 300000
                    defaultAllow: false

        The kubeconfig needs a current-context, a server, and files that the container sees.
        """,
)
def image_policy_config_invalid(server: ApiServer, files: ImagePolicyFiles) -> Iterator[Fail | Manual]:
    """The API server reads these files once, as it starts, and ends where something in them is wrong. One that runs
    today keeps running with what the files held then; with its next restart the control plane is gone, one node after
    the other. Some faults stop it even while the plugin is off: the file itself, its apiVersion, its kind and unknown
    fields are read for all plugins.
    """
    sure: dict[str, str] = {}
    unsure: dict[str, str] = {}
    for found in files.of(server):
        faults = list(_faults(found))
        certain = [fault for fault in faults if fault.certain]
        if certain:
            sure[found.pod.name] = "; ".join(f"{fault.path}: {fault.reason}" for fault in certain)
        elif faults or (found.enabled and _unread(found)):
            path, why = found.to_look_at
            unsure[found.pod.name] = f"{path} {why}"
    if sure:
        told = "; ".join(f"{name} with {fault}" for name, fault in sure.items())
        yield Fail(f"The API server does not start: {told}.", evidence={"apiservers": sure})
    if unsure:
        told = "; ".join(f"on {name} {reason}" for name, reason in unsure.items())
        yield Manual(
            f"Cannot tell whether the API server starts with its configuration: {told}.",
            part="" if not sure else "unread",
            evidence={"files": unsure},
        )


def _faults(found: PluginFiles) -> Iterator[StartFault]:
    """Those that count. That the flag's path is mounted nowhere is a finding of its own while the plugin is on."""
    facts = found.facts
    if facts is None or (found.enabled and facts.config and facts.config.state == "unmounted"):
        return iter(())
    return (fault for fault in facts.faults if fault.always or found.enabled)


def _unread(found: PluginFiles) -> bool:
    return found.facts is None or any(file.state == "unread" for file in found.facts.files)
