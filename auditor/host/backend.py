"""The plugin's backend from its kubeconfig: where it is, who vouches for it, and what it is shown."""

from __future__ import annotations

import ipaddress

from auditor.host import certificates
from auditor.host.address import BadAddress, parse_server
from auditor.host.certificates import NoCertificate, NotAPair
from auditor.host.decoding import Refused
from auditor.host.kubeconfig import Cluster, User, decoded, load
from auditor.host.opening import Opening
from auditor.hostfacts import Backend, CertificateFacts, HostFile
from auditor.mounts import absolute, folder

_EXEC_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


def read_backend(opening: Opening, path: str, data: bytes) -> Backend | None:
    """The backend of a kubeconfig at `path`, None where it names none; what stops the server is noted."""
    try:
        target = load(data)
    except Refused as refused:
        opening.fault(path, refused.reason, certain=refused.certain)
        return None
    for reason in target.faults:
        opening.fault(path, reason)
    cluster, user = target.cluster, target.user
    base = folder(path)
    files = [absolute(name, base) for name in (cluster.certificate_authority,) if name]
    if user.client_certificate or user.client_certificate_data:
        files += [absolute(name, base) for name in (user.client_certificate, user.client_key) if name]
    for file in files:  # opened even where they are not used
        opening.opens(file)
    if not cluster.server:
        return None
    try:
        address = parse_server(cluster.server)
    except BadAddress:
        opening.fault(path, "its cluster's server is neither a URL nor host:port")
        return None
    secure = address.scheme == "https"
    authority, bundle = _authority(opening, path, cluster) if secure else (None, b"")
    if secure:
        _check_user(opening, path, user)
    return Backend(
        address.scheme,
        address.host,
        address.port,
        insecure=bool(cluster.insecure_skip_tls_verify),
        authority=authority,
        client=_client(opening, path, user, bundle) if secure else None,
        other_credentials=_other_credentials(user) if secure else (),
        proxied=bool(cluster.proxy_url),
        in_hosts_file=_in_hosts_file(opening, address.host),
    )


def _authority(opening: Opening, path: str, cluster: Cluster) -> tuple[CertificateFacts | None, bytes]:
    """Who vouches for the backend, None for the system's roots; and the bundle."""
    inline = decoded(cluster.certificate_authority_data)
    name = cluster.certificate_authority
    if not inline and not name:
        return None, b""
    if cluster.insecure_skip_tls_verify:
        opening.fault(path, "its cluster has a certificate authority together with insecure-skip-tls-verify")
    if inline:
        file, pem = HostFile(path), inline
    else:
        found = opening.find(absolute(name or "", folder(path))).file
        if found.state != "read":
            return CertificateFacts(found), b""
        text = opening.text(found.path)
        file = opening.find(found.path).file
        if not text:  # an empty file may stand for the system's roots or for none, by the release
            return CertificateFacts(HostFile(file.path, "unread", file.host_path, "it is empty or cannot be read")), b""
        pem = text
    try:
        return certificates.bundle(file, pem), pem
    except NoCertificate:
        opening.fault(file.path, "there is no certificate in it" if name else "its authority's data holds none")
    except ImportError:
        file = HostFile(file.path, "unread", file.host_path, _NO_LIBRARY)
    return CertificateFacts(file), b""


_NO_LIBRARY = "the Python package cryptography is not installed"


def _client(opening: Opening, path: str, user: User, bundle: bytes) -> CertificateFacts | None:
    inline, key = decoded(user.client_certificate_data), decoded(user.client_key_data)
    if not (inline or user.client_certificate) or not (key or user.client_key):
        return None
    if inline:
        file, pem = HostFile(path), inline
    else:
        file = opening.find(absolute(user.client_certificate or "", folder(path))).file
        if file.state != "read":
            return CertificateFacts(file)
        pem = opening.text(file.path) or b""
    try:
        if key and pem:  # what is not all in files is paired at the start (client-go transport.go, TLSConfigFor)
            certificates.check_pair(pem, key)
        return certificates.client(file, pem, bundle)
    except NotAPair:
        opening.fault(path, "its client-key-data is not the key of its client certificate")
    except NoCertificate:
        if inline:
            opening.fault(path, "its client-certificate-data holds no certificate")
    except ImportError:
        return CertificateFacts(HostFile(file.path, "unread", file.host_path, _NO_LIBRARY))
    return CertificateFacts(file)


def _check_user(opening: Opening, path: str, user: User) -> None:
    """What is looked at over TLS alone (client-go client_config.go, getUserIdentificationPartialConfig)."""
    if user.token_file:
        if not user.token:
            opening.opens(absolute(user.token_file, folder(path)))
        if user.username or user.password:
            opening.fault(path, "its user has a token file and a password, and only one can be shown")
    if user.exec is not None and user.exec.api_version and user.exec.api_version not in _EXEC_VERSIONS:
        opening.fault(path, "its user's exec has an apiVersion that does not exist")
    if user.auth_provider is not None:
        opening.fault(path, "its user has an auth-provider, which the API server may not know", certain=False)


def _other_credentials(user: User) -> tuple[str, ...]:
    kinds = {
        "token": user.token or user.token_file,
        "basic": user.username or user.password,
        "exec": user.exec,
        "auth-provider": user.auth_provider,
    }
    return tuple(kind for kind, value in kinds.items() if value)


def _in_hosts_file(opening: Opening, host: str) -> bool | None:
    """Whether the node's /etc/hosts, which a pod on the node's network gets a copy of, names the host."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return None
    text = opening.host.node_file("/etc/hosts") if opening.pod.host_network else None
    if text is None:
        return None
    lines = (line.partition(b"#")[0].split() for line in text.lower().splitlines())
    return any(host.encode() in names[1:] for names in lines if names)
