"""What is mounted in the audit's pod, where, and for which option."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from auditor.install.configuration import policy_volume
from auditor.install.manifest import Noted
from auditor.install.naming import AUTHORITY, CLUSTERS
from auditor.install.settings import Fleet, Settings

HOST = "/host"
METRICS = "/textfile"
KUBECONFIGS = f"/secrets/{CLUSTERS}"
"""Named as the Secret is, so that the message that the kubeconfig is missing names it too."""
KUBECONFIG = "kubeconfig"
CLUSTER_NAME = "name"
INDEX = "$(JOB_COMPLETION_INDEX)"
"""The number of a fleet's pod, which the kubelet puts in its place."""
REPORTS = "/reports"
POLICY_FOLDER = "/etc/auditor"
AUTHORITIES = "/etc/auditor-registry-ca"
_SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_TOKEN_SECONDS = 600
_SHOWN = 3

_TOKEN = f"""\
A token for {_TOKEN_SECONDS} seconds, which the kubelet renews. The automatic one would hold for a year on API servers
with their default --service-account-extend-token-expiration."""
_ETC = """\
Holds the keys of the cluster's authorities and admin.conf. Whoever can start a pod here, or change this image, can
take the cluster over. Without it the checks of the image policy webhook's files are left to judgment."""
_TEXTFILE = """\
The directory of the node exporter's textfile collector. It has to be writable for user {user} on the node. Pin the
job to one node (nodeSelector, kubernetes.io/hostname): what an earlier night left on another one would be scraped as
well."""
_KUBECONFIGS = """\
One kubeconfig a cluster, with a token or certificate in it: the image has no credential plugins. Its user needs in
that cluster what `{rights}` prints. Each pod sees its own alone; one whose key is missing ends with 4, and the others
go on. Make the Secret with
 kubectl -n {namespace} create secret generic {secret} {files}"""
_REPORTS = """\
Has to exist, and to be writable from every node on which these pods run (ReadWriteMany). To join the parts, where the
volume is mounted, each by its name: one that is missing, or that an earlier run has left there (more than 12 hours
older than the newest: --max-age HOURS), is a cluster that was not audited.
 auditor merge {files} -o html=clusters.html"""


class Mount(Struct, frozen=True):
    """A volume of the pod and its place in the container, of which `folder` (with variables) is all that is mounted.
    `note` is about the volume."""

    name: str
    path: str
    source: dict[str, Any]
    note: str = ""
    read_only: bool = True
    folder: str = ""

    @property
    def volume(self) -> Noted:
        return Noted({"name": self.name, **self.source}, self.note)

    @property
    def mount(self) -> dict[str, Any]:
        made: dict[str, Any] = {"name": self.name, "mountPath": self.path}
        if self.folder:
            made["subPathExpr"] = self.folder
        return {**made, "readOnly": True} if self.read_only else made


def mounts(settings: Settings, user: int) -> Iterator[Mount]:
    """What the options ask for. `user` is the uid that the container runs as."""
    if settings.policy:
        yield Mount("policy", POLICY_FOLDER, policy_volume(settings.policy))
    if settings.registry and settings.registry.authority:
        yield Mount("registry-ca", AUTHORITIES, {"configMap": {"name": AUTHORITY}})
    if settings.fleet:
        yield from _fleet(settings, settings.fleet)
    else:
        yield Mount("token", _SERVICE_ACCOUNT, {"projected": {"sources": _token()}}, _TOKEN)
    if settings.control_plane:
        yield Mount("etc-kubernetes", f"{HOST}/etc/kubernetes", _host("/etc/kubernetes", "Directory"), _ETC)
        yield Mount("etc-hosts", f"{HOST}/etc/hosts", _host("/etc/hosts", "File"))
    if settings.textfile:
        note = _TEXTFILE.format(user=user)
        yield Mount("textfile", METRICS, _host(settings.textfile, "Directory"), note, read_only=False)


def _fleet(settings: Settings, fleet: Fleet) -> Iterator[Mount]:
    named = [f"--from-file={key}=PATH" for key in fleet.keys]
    files = " ".join(named if len(named) <= _SHOWN else [*named[: _SHOWN - 1], "…", named[-1]])
    # A folder for each index, which is there even where the kubeconfig is not: the kubelet makes a folder of its own in
    # the place of a file that is mounted and missing.
    keys = [{"key": key, "path": f"{index}/{KUBECONFIG}"} for index, key in enumerate(fleet.keys)]
    names = [{"key": str(index), "path": f"{index}/{CLUSTER_NAME}"} for index in range(len(fleet.keys))]
    sources = [
        {"secret": {"name": CLUSTERS, "optional": True, "items": keys}},
        {"configMap": {"name": CLUSTERS, "items": names}},
    ]
    rights = "auditor rbac --publish" if settings.publish else "auditor rbac"
    note = _KUBECONFIGS.format(namespace=settings.namespace, secret=CLUSTERS, files=files, rights=rights)
    yield Mount("clusters", KUBECONFIGS, {"projected": {"defaultMode": 0o440, "sources": sources}}, note, folder=INDEX)
    claim = {"persistentVolumeClaim": {"claimName": fleet.claim}}
    last = len(fleet.keys) - 1
    note = _REPORTS.format(files=f"{{0..{last}}}.json" if last else "0.json")
    yield Mount("reports", REPORTS, claim, note, read_only=False)
    # The client writes certificates that a kubeconfig holds into files.
    yield Mount("tmp", "/tmp", {"emptyDir": {"medium": "Memory", "sizeLimit": "8Mi"}}, read_only=False)  # noqa: S108


def _token() -> list[dict[str, Any]]:
    authority = {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    return [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": _TOKEN_SECONDS}},
        {"configMap": authority},
    ]


def _host(path: str, kind: str) -> dict[str, Any]:
    return {"hostPath": {"path": path, "type": kind}}
