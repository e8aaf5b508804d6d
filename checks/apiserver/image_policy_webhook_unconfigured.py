"""API servers with ImagePolicyWebhook on and no configuration for it."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import (
    ApiServer,
    ControlPlanePod,
    Fail,
    Severity,
    absolute,
    admission_plugins,
    check,
    cis,
    docs,
    last_value,
    mount_of,
)


@check(
    "ImagePolicyWebhook is enabled without its configuration",
    severity=Severity.CRITICAL,
    references=(
        docs("reference/access-authn-authz/admission-controllers/#imagepolicywebhook"),
        docs("reference/config-api/apiserver-config.v1/"),
        cis("5.5.1"),
    ),
    remediation="""
        Name the configuration, and mount the directory that holds it and the files that it names, in the manifest of
        the kube-apiserver on every control-plane node (/etc/kubernetes/manifests/kube-apiserver.yaml):

            spec:
              containers:
                - command:
                    - kube-apiserver
                    - --admission-control-config-file=/etc/kubernetes/image-policy/admission.yaml
                  volumeMounts:
                    - {name: image-policy, mountPath: /etc/kubernetes/image-policy, readOnly: true}
              volumes:
                - name: image-policy
                  hostPath: {path: /etc/kubernetes/image-policy, type: Directory}
        """,
)
def image_policy_webhook_unconfigured(server: ApiServer) -> Iterator[Fail]:
    """With the plugin on and no configuration for it, an API server does not start: `no config specified`, or the file
    is not found, because it is on the node and the container sees only what is mounted. A server that runs today goes
    down with its next restart, and where several make up the control plane, one after the other.
    """
    problems = {pod.name: problem for pod in server.pods if (problem := _problem(pod))}
    if problems:
        yield Fail(
            "ImagePolicyWebhook is enabled, but " + "; ".join(f"on {n} {p}" for n, p in problems.items()) + ".",
            evidence={"apiservers": problems},
        )


def _problem(pod: ControlPlanePod) -> str:
    if not admission_plugins(pod.flags).enabled("ImagePolicyWebhook"):
        return ""
    path = last_value(pod.flags, "admission-control-config-file")
    if not path:
        return "there is no --admission-control-config-file"
    if mount_of(pod, absolute(path, pod.working_dir)) is None:
        return f"{path} lies in no volume that is mounted into the container"
    return ""
