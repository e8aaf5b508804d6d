"""Image policy backends that anybody can play, or that anybody can ask."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import ApiServer, Cluster, Fail, ImagePolicyFiles, Manual, Severity, check, docs
from checks.admission._connection import weaknesses
from checks.admission._image_policy import CONFIG_PAGE, unseen, with_backend, without_backend


@check(
    "The connection to the image policy backend is not secured on both sides",
    severity=Severity.HIGH,
    references=(
        docs(CONFIG_PAGE),
        docs("reference/config-api/kubeconfig.v1/"),
        docs("setup/best-practices/certificates/"),
    ),
    remediation="""
        In the backend's kubeconfig, https, the authority that signed the backend's certificate, and a client
        certificate (extended key usage clientAuth) that is made for this alone, which the backend verifies:

            clusters:
              - name: backend
                cluster:
                  server: https://images.corp.example/review
                  certificate-authority: /etc/kubernetes/image-policy/backend-ca.crt
            users:
              - name: apiserver
                user:
                  client-certificate: /etc/kubernetes/image-policy/client.crt
                  client-key: /etc/kubernetes/image-policy/client.key
        """,
)
def image_policy_backend_insecure(
    server: ApiServer, files: ImagePolicyFiles, cluster: Cluster
) -> Iterator[Fail | Manual]:
    """The backend decides what may run. Over http, or with nobody who vouches for its certificate, whoever stands in
    between answers in its place. Without a client certificate of its own the API server cannot be told from anybody
    else who asks; kubeadm's apiserver.crt is for servers and is refused by a backend that looks.
    """
    found: dict[str, tuple[Fail | Manual, list[str]]] = {}
    for plugin, backend in with_backend(server, files):
        for weakness in weaknesses(backend, cluster.collected_at):
            _, names = found.setdefault(weakness.part, (weakness, []))
            names.append(plugin.pod.name)
    for weakness, names in found.values():
        evidence = {**weakness.evidence, "apiservers": names}
        if isinstance(weakness, Fail):
            yield Fail(weakness.message, weakness.part, evidence=evidence)
        else:
            yield Manual(weakness.message, weakness.part, evidence)
    yield from unseen(without_backend(server, files), "how the image policy backend is connected")
