"""The kubernetes client's configuration for one cluster: credentials, TLS, proxies. No client is imported before."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from msgspec import Struct

from auditor.errors import SourceError
from auditor.sources import credentialplugin, kubeconfig
from auditor.sources.credentialplugin import Aside
from auditor.sources.kubeconfig import Entry, Target

if TYPE_CHECKING:
    from kubernetes.client import Configuration

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TOKEN_AGE = 60.0


class Identity(Struct, frozen=True):
    """Where to, and as whom. `impersonate` are headers (name, value), some more than once."""

    name: str
    configuration: Configuration
    impersonate: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        return f"Identity({self.name!r})"


def identify(
    path: str | None,
    context: str | None,
    environ: Mapping[str, str] = os.environ,
    service_account: Path = SERVICE_ACCOUNT,
    aside: Aside | None = None,
) -> Identity:
    """From --kubeconfig, else KUBECONFIG, else ~/.kube/config, else the service account of the pod this runs in."""
    config = kubeconfig.load(kubeconfig.find(path, environ))
    if config.contexts or config.current or path or context:
        return of_target(kubeconfig.choose(config, context), aside)
    if environ.get("KUBERNETES_SERVICE_HOST") and (service_account / "token").exists():
        return _in_cluster(environ, service_account)
    looked = environ.get("KUBECONFIG") or "~/.kube/config"
    raise SourceError(
        f"no cluster configuration: nothing in {looked}, and no service account of a pod",
        "Give --kubeconfig PATH, set KUBECONFIG, or read files with --from PATH.",
    )


def of_target(target: Target, aside: Aside | None = None) -> Identity:
    """A kubeconfig's context as the client's configuration; runs its exec plugin."""
    from kubernetes.client import Configuration
    from kubernetes.config.config_exception import ConfigException

    cluster, user = _cluster(target), _user(target.user)
    if _wants_cluster_info(user):
        cluster = _with_inline_authority(cluster)
    document = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
    }
    configuration = Configuration()
    try:
        credentialplugin.loader(document, aside).load_and_set(configuration)
    except ConfigException as error:
        # An auth-provider's command may have said more than its name.
        message = credentialplugin.redact(str(error)) if "auth-provider" in user else str(error)
        raise _wrong(target, message) from None
    except binascii.Error:
        raise _wrong(target, "certificate or key data that is not base64") from None
    except OSError as error:
        raise _wrong(target, f"{error.filename}: {error.strerror}") from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # The message of these may quote a value of the kubeconfig.
        raise _wrong(target, f"an entry that cannot be used ({type(error).__name__})") from None
    if "tokenFile" in user and "BearerToken" in configuration.api_key:
        _read_again(configuration, Path(user["tokenFile"]))
    _proxies(configuration, named="proxy-url" in cluster)
    return Identity(target.name, configuration, _impersonation(user))


def _in_cluster(environ: Mapping[str, str], folder: Path) -> Identity:
    from kubernetes.client import Configuration
    from kubernetes.config.config_exception import ConfigException
    from kubernetes.config.incluster_config import InClusterConfigLoader

    configuration = Configuration()
    loader: Any = InClusterConfigLoader
    try:
        loader(str(folder / "token"), str(folder / "ca.crt"), environ=environ).load_and_set(configuration)
    except (ConfigException, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SourceError(
            f"the pod's service account cannot be used: {reason}",
            "Check that the pod's service account token is mounted (automountServiceAccountToken).",
        ) from None
    _proxies(configuration, named=False)
    return Identity("in-cluster", configuration)


def _wrong(target: Target, reason: str) -> SourceError:
    advice = "Mend the kubeconfig, or choose another context with --context."
    return SourceError(f"kubeconfig context {target.context!r}: {reason}", advice)


def _cluster(target: Target) -> Entry:
    """With a scheme where the server has none: https if anything about TLS is said (client-go, rest)."""
    server = str(target.cluster.get("server", ""))
    if not server:
        raise _wrong(target, f"cluster {target.name!r} has no server")
    tls = ("certificate-authority", "certificate-authority-data", "insecure-skip-tls-verify")
    if "://" not in server:
        secure = any(key in target.cluster for key in tls) or any("certificate" in key for key in target.user)
        server = f"{'https' if secure else 'http'}://{server}"
    return target.cluster | {"server": server}


def _user(user: Entry) -> Entry:
    """A token file counts before a token that stands beside it (client-go, transport.TokenSource)."""
    user = dict(user)
    if "tokenFile" in user:
        user.pop("token", None)
    for key in ("username", "password", "token"):
        if key in user:
            user[key] = str(user[key])
    return user


def _wants_cluster_info(user: Entry) -> bool:
    plugin = user.get("exec")
    return isinstance(plugin, dict) and bool(plugin.get("provideClusterInfo"))


def _with_inline_authority(cluster: Entry) -> Entry:
    """An exec plugin is told the authority's certificate, never its path (client-go rest, ConfigToExecCluster)."""
    path = cluster.get("certificate-authority")
    if path is None or "certificate-authority-data" in cluster:
        return cluster
    try:
        data = base64.b64encode(Path(path).read_bytes()).decode()
    except OSError:
        return cluster
    return {key: value for key, value in cluster.items() if key != "certificate-authority"} | {
        "certificate-authority-data": data
    }


def _read_again(configuration: Configuration, path: Path) -> None:
    """Bound tokens are renewed in their file while a long scan runs."""
    lock, age = threading.Lock(), [time.monotonic()]

    def refresh(held: Configuration) -> None:
        with lock:
            if time.monotonic() - age[0] < _TOKEN_AGE:
                return
            age[0] = time.monotonic()
            try:
                token = path.read_text().strip()
            except OSError:
                return  # the one in hand may still do
            held.api_key["BearerToken"] = f"Bearer {token}" if token else held.api_key["BearerToken"]

    configuration.refresh_api_key_hook = refresh  # type: ignore[assignment]


def _impersonation(user: Entry) -> tuple[tuple[str, str], ...]:
    headers: list[tuple[str, Any]] = [("Impersonate-User", user["as"])] if "as" in user else []
    headers += [("Impersonate-Uid", user["as-uid"])] if "as-uid" in user else []
    headers += [("Impersonate-Group", group) for group in user.get("as-groups") or ()]
    for key, values in (user.get("as-user-extra") or {}).items():
        headers += [(f"Impersonate-Extra-{quote(str(key), safe='')}", value) for value in values or ()]
    return tuple((name, str(value)) for name, value in headers)


def _proxies(configuration: Configuration, *, named: bool) -> None:
    """As kubectl: NO_PROXY does not hold for a kubeconfig's proxy-url, and an address of this machine is never proxied
    for the environment's sake (Go's net/http ProxyFromEnvironment). A proxy's user goes into its own header."""
    if named:
        configuration.no_proxy = ""
    elif _loopback(urlsplit(configuration.host).hostname or ""):
        configuration.proxy = None
    if configuration.proxy:
        if "://" not in configuration.proxy:
            configuration.proxy = f"http://{configuration.proxy}"
        parts = urlsplit(configuration.proxy)
        if parts.username:
            from urllib3.util import make_headers

            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            configuration.proxy_headers = make_headers(proxy_basic_auth=login)


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
