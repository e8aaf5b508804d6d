"""Options of the command line → values that Kubernetes takes; UsageError for what it would refuse."""

from __future__ import annotations

import ipaddress
import re

from auditor.errors import UsageError
from auditor.image import MalformedReference, parse
from auditor.install.schedule import problem
from auditor.install.settings import Fleet
from auditor.objectnames import is_label, is_subdomain
from auditor.report import Severity

_KEY = re.compile(r"(?!\.\.)[A-Za-z0-9._-]{1,253}")
_DIRECTORY = re.compile(r"(/[\w.@+-]+)+/?", re.ASCII)
_MOST_CLUSTERS = 1000


def namespace_name(text: str) -> str:
    if not is_label(text):
        raise UsageError(f"-n {text}: no namespace can have that name", "Lower-case letters, digits and -, at most 63.")
    if text == "default" or text.startswith("kube-"):
        raise UsageError(
            f"-n {text}: the namespace's Pod Security labels would hold for everything else in it",
            "Give the audit a namespace of its own.",
        )
    return text


def object_name(option: str, text: str) -> str:
    if not is_subdomain(text):
        raise UsageError(
            f"{option} {text}: no object can have that name",
            "Lower-case letters, digits, - and single dots, at most 253.",
        )
    return text


def image_name(text: str) -> str:
    try:
        parse(text)
    except MalformedReference as error:
        raise UsageError(f"--image{_shown(text)}: {error}", "Write REGISTRY/REPOSITORY:TAG@sha256:DIGEST.") from None
    return text


def _shown(text: str) -> str:
    """What was given, unless that is a URL: it may hold a password."""
    return "" if "://" in text else f" {text}"


def cron_schedule(text: str) -> str:
    wrong = problem(text)
    if wrong:
        raise UsageError(
            f"--schedule {text!r}: {wrong}", "Such as '17 3 * * *': at 3:17 every night, in UTC, or @daily."
        )
    return text


def severity(text: str) -> str:
    if text != "never" and text not in list(Severity):
        raise UsageError(f"--fail-on {text}: no such severity", f"One of {', '.join(Severity)}, or never.")
    return text


def address_block(text: str) -> str:
    """A CIDR in the only form that API servers take without a warning; a bare address is itself alone."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise UsageError(
            f"--api-server{_shown(text)}: this is no address or network",
            "Such as 192.0.2.10/32 or 2001:db8::/64: behind the length all bits are zero.",
        ) from None


def directory(text: str) -> str:
    """A directory of the node, as a hostPath volume may name it."""
    if not _DIRECTORY.fullmatch(text) or ".." in text.split("/"):
        raise UsageError(
            "--metrics textfile: this is no absolute path of a directory on the node",
            "Such as /var/lib/node_exporter/textfile_collector.",
        )
    return text.rstrip("/")


def fleet_of(
    wanted: bool, clusters: str | None, claim: str | None, *, control_plane: bool, no_secrets: bool, named: bool
) -> Fleet | None:
    if not wanted:
        if clusters or claim:
            raise UsageError("--clusters and --reports-claim belong to --fleet", "Add --fleet, or leave them out.")
        return None
    if control_plane:
        raise UsageError(
            "--fleet audits other clusters, --control-plane reads the node that it runs on",
            "Install each by itself, in namespaces of their own.",
        )
    if no_secrets:
        raise UsageError(
            "--no-secrets is about rights here, and those of a fleet lie in the other clusters",
            "Give the kubeconfigs' users fewer rights there, and --allow-incomplete here.",
        )
    if named:
        raise UsageError(
            "--cluster-name is about one cluster", "A fleet's are called what --clusters calls their kubeconfigs."
        )
    if not clusters or not claim:
        raise UsageError(
            "--fleet needs --clusters and --reports-claim",
            "How many clusters there are, and the PersistentVolumeClaim that takes their reports.",
        )
    return Fleet(_keys(clusters), object_name("--reports-claim", claim))


def _keys(text: str) -> tuple[str, ...]:
    """The names of a list, or 0, 1, … for a number."""
    if text.isascii() and text.isdecimal():
        if not 1 <= int(text[:9]) <= _MOST_CLUSTERS:
            raise UsageError(f"--clusters {text}: out of range", f"From 1 to {_MOST_CLUSTERS}.")
        return tuple(map(str, range(int(text))))
    names = tuple(name.strip() for name in text.split(","))
    wrong = next((name for name in names if name == "." or not _KEY.fullmatch(name)), None)
    if wrong is not None:
        raise UsageError(
            f"--clusters {text}: {wrong or 'an empty name'} cannot be a key of a Secret",
            "Letters, digits, -, _ and dots.",
        )
    if len(set(names)) < len(names) or len(names) > _MOST_CLUSTERS:
        raise UsageError(f"--clusters {text}: a name twice, or more than {_MOST_CLUSTERS}", "Name each cluster once.")
    return names
