"""What was made of files on a control-plane node: parsed facts alone, never a key, a token or a file's text."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

FileState = Literal["read", "missing", "unmounted", "unread"]
"""`missing`: it does not exist; `unmounted`: its path is the container's own, no volume; `unread`: not known."""


class Fact(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of the host facts."""


class HostFile(Fact, frozen=True):
    """A file that the API server opens. `path` is the container's, `host_path` the node's; `detail` says why not."""

    path: str
    state: FileState = "read"
    host_path: str = ""
    detail: str = ""


class StartFault(Fact, frozen=True):
    """What stops the API server from starting. `path`: the file that it is about.

    `always`: also while the plugin is off. `certain`: False where a person has to look.
    """

    path: str
    reason: str
    always: bool = False
    certain: bool = True


class CertificateFacts(Fact, frozen=True):
    """A certificate, or a bundle of them. Times are RFC 3339 in UTC: the first of a client's, the widest of a bundle.

    `serves`, `identifies`: whether its extended key usage lets it stand for a server, for a client; None where it could
    not be read. `issued_by_ca`: whether a certificate of the backend's own bundle signed it.
    """

    file: HostFile
    starts: str | None = None
    expires: str | None = None
    serves: bool | None = None
    identifies: bool | None = None
    authority: bool | None = None
    issued_by_ca: bool | None = None


class Backend(Fact, frozen=True):
    """Where the plugin sends its questions, and what both sides show. `host` is lower-case, without brackets.

    `authority` is None where the system's roots verify, `client` where no certificate is shown. `other_credentials`
    names the kinds: token, basic, exec, auth-provider. `in_hosts_file`: whether the node's /etc/hosts has the name.
    """

    scheme: str
    host: str
    port: int
    insecure: bool = False
    authority: CertificateFacts | None = None
    client: CertificateFacts | None = None
    other_credentials: tuple[str, ...] = ()
    proxied: bool = False
    in_hosts_file: bool | None = None

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


class PluginSettings(Fact, frozen=True):
    """ImagePolicyWebhook's settings as they take effect: TTLs in seconds (0: no cache), the wait in milliseconds.

    What has a value that the server refuses is None.
    """

    kubeconfig: str | None = ""
    allow_ttl: int | None = 300
    deny_ttl: int | None = 30
    retry_backoff: int | None = 500
    default_allow: bool | None = False


class ServerFiles(Fact, frozen=True):
    """What one API server's admission files say; `server` is its pod's name.

    `configured`: the configuration names ImagePolicyWebhook. `static_manifests`: admission plugins that load policies
    or webhooks from files, which the API does not show.
    """

    server: str
    config: HostFile | None = None
    files: tuple[HostFile, ...] = ()
    faults: tuple[StartFault, ...] = ()
    configured: bool = False
    settings: PluginSettings | None = None
    backend: Backend | None = None
    static_manifests: tuple[str, ...] = ()


class HostFacts(Fact, frozen=True):
    """The files of a control-plane node, by the API servers that read them. They are taken to be alike on all nodes."""

    servers: tuple[ServerFiles, ...] = ()

    def of(self, server: str) -> ServerFiles | None:
        return next((found for found in self.servers if found.server == server), None)
