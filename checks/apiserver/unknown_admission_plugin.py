"""API servers that would not start with their admission flags."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import ApiServer, Fail, Manual, Severity, check, docs
from checks.apiserver._servers import listed
from checks.apiserver._startup import doubtful, refusals


@check(
    "API server does not start with its admission flags",
    severity=Severity.HIGH,
    references=(
        docs("reference/access-authn-authz/admission-controllers/"),
        docs("reference/command-line-tools-reference/kube-apiserver/"),
    ),
    remediation="""
        Correct the flag in the manifest of the kube-apiserver: names as in the documentation, separated by commas
        alone, without spaces or quotes, and no name in both lists:

            --enable-admission-plugins=NodeRestriction,ImagePolicyWebhook

        `kube-apiserver --help` lists the names that a server knows. Its log tells why it stopped:
        `crictl logs $(crictl ps -a --name kube-apiserver -q | head -1)`.
        """,
)
def unknown_admission_plugin(server: ApiServer) -> Iterator[Fail | Manual]:
    """The kube-apiserver validates its flags before it serves anything. A plugin's name that it does not know (a space
    after the comma, a quote that the shell did not take away, another letter case, a typo), a plugin in both lists, or
    the old --admission-control beside the new flags: it stops at once, and the kubelet starts it over and over. A name
    that we do not know, on a server that is ready, is one for a person to look at.
    """
    refused = {pod.name: found for pod in server.pods if (found := refusals(pod, server.version))}
    if refused:
        told = "; ".join(f"on {name}, {listed(found[:5])}" for name, found in refused.items())
        yield Fail(f"The API server does not start with these flags: {told}.", evidence={"apiservers": refused})
    unknown = {pod.name: names for pod in server.pods if (names := doubtful(pod, server.version))}
    if unknown:
        names = sorted({name for found in unknown.values() for name in found})
        yield Manual(
            f"{listed(names[:5])} on {listed(unknown)} {'is' if len(names) == 1 else 'are'} not among the admission "
            "plugins that this audit knows.",
            part="unknown-to-the-audit",
            evidence={"apiservers": unknown},
        )
