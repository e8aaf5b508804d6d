"""The backend's kubeconfig as the plugin loads it: which cluster, whose certificates, and why it is refused.

Source: client-go tools/clientcmd (loader.go, client_config.go, validation.go).
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec
from msgspec import Struct, field

from auditor.host.decoding import Object, Refused, yaml_value

_API_VERSION = "v1"
_KIND = "Config"


class _Part(Struct, rename="kebab", frozen=True):
    """A part of a kubeconfig; what is not named here is not looked at. Holds secrets: it has no repr."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Cluster(_Part, frozen=True):
    server: str | None = None
    tls_server_name: str | None = None
    insecure_skip_tls_verify: bool | None = None
    certificate_authority: str | None = None
    certificate_authority_data: str | None = None
    proxy_url: str | None = None
    disable_compression: bool | None = None


class EnvironmentEntry(_Part, frozen=True):
    name: str | None = None
    value: str | None = None


class Exec(_Part, rename="camel", frozen=True):
    command: str | None = None
    args: list[str | None] | None = None
    env: list[EnvironmentEntry] | None = None
    api_version: str | None = None
    provide_cluster_info: bool | None = None
    interactive_mode: str | None = None


class AuthProvider(_Part, frozen=True):
    name: str | None = None
    config: dict[str, str | None] | None = None


class User(_Part, frozen=True):
    client_certificate: str | None = None
    client_certificate_data: str | None = None
    client_key: str | None = None
    client_key_data: str | None = None
    token: str | None = None
    token_file: str | None = field(default=None, name="tokenFile")
    username: str | None = None
    password: str | None = None
    impersonate: str | None = field(default=None, name="as")
    impersonate_uid: str | None = field(default=None, name="as-uid")
    impersonate_groups: list[str | None] | None = field(default=None, name="as-groups")
    impersonate_extra: dict[str, list[str | None] | None] | None = field(default=None, name="as-user-extra")
    auth_provider: AuthProvider | None = None
    exec: Exec | None = None


class Context(_Part, frozen=True):
    cluster: str | None = None
    user: str | None = None
    namespace: str | None = None


class _NamedCluster(_Part, frozen=True):
    name: str | None = None
    cluster: Cluster | None = None


class _NamedUser(_Part, frozen=True):
    name: str | None = None
    user: User | None = None


class _NamedContext(_Part, frozen=True):
    name: str | None = None
    context: Context | None = None


class _Config(_Part, frozen=True):
    clusters: list[_NamedCluster | None] | None = None
    users: list[_NamedUser | None] | None = None
    contexts: list[_NamedContext | None] | None = None
    current_context: str | None = None


class Target(_Part, frozen=True):
    """The current context's cluster and user, and what is wrong with them as far as no other file decides."""

    cluster: Cluster
    user: User
    faults: tuple[str, ...] = ()


def load(data: bytes) -> Target:
    """The current context of a kubeconfig. Refused where it cannot be decoded at all."""
    config = _config(data)
    clusters = _named("clusters", [(entry.name, entry.cluster) for entry in config.clusters or () if entry])
    users = _named("users", [(entry.name, entry.user) for entry in config.users or () if entry])
    contexts = _named("contexts", [(entry.name, entry.context) for entry in config.contexts or () if entry])
    current = config.current_context or ""
    context = contexts.get(current)
    _check_data(clusters, users)
    if context is None:
        fault = "its current-context names no context of it" if current else "it has no current-context"
        return Target(Cluster(), User(), (fault,))
    cluster = clusters.get(context.cluster or "", Cluster())
    user = users.get(context.user or "", User())
    return Target(cluster, user, (*_cluster_faults(cluster), *_user_faults(user)))


def decoded(text: str | None) -> bytes:
    """Inline data, which was found to be base64 when it was loaded."""
    return base64.b64decode(_unbroken(text or ""))


def _config(data: bytes) -> _Config:
    if not data:
        return _Config()
    value = yaml_value(data)
    if not isinstance(value, Object | None):
        raise Refused("it is not a kubeconfig")
    value = value or Object()
    for key, expected in (("apiVersion", _API_VERSION), ("kind", _KIND)):
        for stated in value.folded(key):
            if not isinstance(stated, str | None) or (stated or expected) != expected:
                raise Refused(f"its {key} is not {expected}")
    try:
        return msgspec.convert(_plain(value), _Config)
    except msgspec.ValidationError as error:
        raise Refused(str(error)) from None  # names types and fields, no values


def _plain(value: object) -> Any:
    if isinstance(value, Object):
        return {key: _plain(inner) for key, inner in value}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _named(section: str, entries: list[tuple[str | None, Any]]) -> dict[str, Any]:
    kinds = {"clusters": Cluster, "users": User, "contexts": Context}
    found: dict[str, Any] = {}
    for name, entry in entries:
        if (name or "") in found:
            raise Refused(f"two of its {section} have one name")
        found[name or ""] = entry or kinds[section]()
    return found


def _check_data(clusters: dict[str, Cluster], users: dict[str, User]) -> None:
    """Inline data anywhere in the file must be base64, or the file is not decoded."""
    inline = [("certificate-authority-data", cluster.certificate_authority_data) for cluster in clusters.values()]
    for user in users.values():
        inline += [("client-certificate-data", user.client_certificate_data), ("client-key-data", user.client_key_data)]
    for name, text in inline:
        try:
            base64.b64decode(_unbroken(text or ""), validate=True)
        except (binascii.Error, ValueError):
            raise Refused(f"its {name} is not base64") from None


def _unbroken(text: str) -> str:
    return text.replace("\n", "").replace("\r", "")


def _cluster_faults(cluster: Cluster) -> list[str]:
    faults = []
    if not cluster.server:
        faults.append("its cluster has no server")
    if cluster.certificate_authority and cluster.certificate_authority_data:
        faults.append("its cluster has both certificate-authority and certificate-authority-data")
    if cluster.proxy_url and cluster.proxy_url.partition(":")[0].lower() not in ("http", "https", "socks5"):
        faults.append("its proxy-url is neither http, https nor socks5")
    return faults


def _user_faults(user: User) -> list[str]:
    """client-go validation.go, validateAuthInfo."""
    faults = []
    if user.token and (user.username or user.password):
        faults.append("its user has a token and a password, and only one can be shown")
    if user.client_certificate or user.client_certificate_data:
        if user.client_certificate and user.client_certificate_data:
            faults.append("its user has both client-certificate and client-certificate-data")
        if user.client_key and user.client_key_data:
            faults.append("its user has both client-key and client-key-data")
        if not user.client_key and not user.client_key_data:
            faults.append("its user has a client certificate without its key")
    plugin = user.exec
    if plugin is not None:
        faults += [f"its user's exec has no {key}" for key, value in _required(plugin) if not value]
        if any(entry and not entry.name for entry in plugin.env or ()):
            faults.append("its user's exec has an environment variable without a name")
        if user.auth_provider is not None:
            faults.append("its user has both exec and auth-provider")
    extra = user.impersonate_uid or user.impersonate_groups or user.impersonate_extra
    if extra and not user.impersonate:
        faults.append("its user impersonates a group, a uid or extra fields without a user")
    return faults


def _required(plugin: Exec) -> list[tuple[str, str | None]]:
    required = [("command", plugin.command), ("apiVersion", plugin.api_version)]
    if plugin.api_version == "client.authentication.k8s.io/v1":  # the beta version has a default
        required.append(("interactiveMode", plugin.interactive_mode))
    return required
