"""What an installation is made of, as values that were checked."""

from __future__ import annotations

import hashlib

from msgspec import Struct

from auditor.version import __version__

PLACEHOLDER = f"registry.example.com/security/auditor:{__version__}"
"""No such image can be pulled: it shows where one's own belongs."""


class PolicyText(Struct, frozen=True):
    """A policy file's content, which was read as a policy before, and the files that it names by their paths beside
    it."""

    text: str
    files: dict[str, bytes] = {}

    @property
    def size(self) -> int:
        return len(self.text.encode()) + sum(map(len, self.files.values()))

    @property
    def fingerprints(self) -> dict[str, str]:
        """Annotations that change with the content: the policy's hash as every report tells it, and the files'."""
        found = {"auditor.dev/policy-sha256": hashlib.sha256(self.text.encode()).hexdigest()}
        if self.files:
            both = hashlib.sha256()
            for path, data in sorted(self.files.items()):
                both.update(f"{path}\0{len(data)}\0".encode() + data)
            found["auditor.dev/policy-files-sha256"] = both.hexdigest()
        return found


class Pushgateway(Struct, frozen=True):
    url: str
    host: str
    port: int


class Fleet(Struct, frozen=True):
    """Other clusters: the keys of the Secret that holds their kubeconfigs, and the claim of the volume for reports."""

    keys: tuple[str, ...]
    claim: str


class Registry(Struct, frozen=True):
    """How registries are asked, in the words of `scan`'s options. `authority` is PEM, `ports` where they may answer."""

    credentials: bool = False
    authority: str | None = None
    allow_private: tuple[str, ...] = ()
    mirrors: tuple[str, ...] = ()
    plain_http: tuple[str, ...] = ()
    ports: tuple[int, ...] = (443,)


class Settings(Struct, frozen=True, kw_only=True):
    """`resources` are the lists that the checks need (names in coverage), `textfile` a directory of the node,
    `api_servers` CIDRs, `pods` how many the cluster has."""

    resources: tuple[str, ...]
    namespace: str = "auditor"
    image: str = PLACEHOLDER
    pull_secret: str | None = None
    schedule: str = "17 3 * * *"
    pods: int = 10_000
    policy: PolicyText | None = None
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    secrets: bool = True
    fail_on: str = "high"
    fail_on_new: bool = False
    allow_incomplete: bool = False
    control_plane: bool = False
    textfile: str | None = None
    pushgateway: Pushgateway | None = None
    publish: bool = False
    registry: Registry | None = None
    cluster_name: str | None = None
    fleet: Fleet | None = None
    api_servers: tuple[str, ...] = ()

    @property
    def reads_node(self) -> bool:
        """Whether the pod needs the node's files, which no Pod Security Standard but `privileged` allows."""
        return self.control_plane or self.textfile is not None
