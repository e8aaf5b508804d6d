"""Whether a registry's credentials may go to the server that it names as its realm. Whoever answers for the registry
writes that name: a token server elsewhere gets the password in its place (as in CVE-2020-15157 of containerd)."""

from __future__ import annotations

import re

from auditor.registry.domains import is_name, registrable

# Token servers of registries whose own domain is another one. The rest is served by its own host, as GHCR, Quay,
# Artifact Registry, ECR, ACR and Harbor are, or by its own domain, as Docker Hub and GitLab are.
_ELSEWHERE = (
    (re.compile(r"registry\.connect\.redhat\.com|registry\.redhat\.io"), re.compile(r"sso\.redhat\.com")),
    (re.compile(r"rg\.[a-z-]+\.scw\.cloud"), re.compile(r"api\.scaleway\.com")),
    (re.compile(r"nvcr\.io"), re.compile(r"authn\.nvidia\.com")),
)

# Domains below which anyone gets names, though the public suffix list does not have them: what an address or a virtual
# machine is called, and the Services and pods of a cluster, whatever its domain is.
_ANYONES = re.compile(
    r".*\.(nip\.io|sslip\.io|xip\.io|traefik\.me|localtest\.me|lvh\.me"
    r"|cloudapp\.azure\.com|bc\.googleusercontent\.com|ec2\.internal|compute\.internal|pod\.cluster\.local|svc|[^.]+\.svc\..*)"
)


def may_receive(registry: str, realm: str) -> bool:
    """Whether a realm's host may be shown credentials that are meant for a registry's host; both lower-case.

    It is the same host, whatever the port; or lies in the same registrable domain, by the public suffix list, unless
    those are anyone's names; or is known to be that registry's.
    """
    if realm == registry:
        return True
    if any(host.fullmatch(registry) and server.fullmatch(realm) for host, server in _ELSEWHERE):
        return True
    if not (is_name(registry) and is_name(realm)) or _ANYONES.fullmatch(registry) or _ANYONES.fullmatch(realm):
        return False
    own = registrable(registry)
    return own is not None and own == registrable(realm)
