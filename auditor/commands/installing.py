"""`auditor install`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from auditor.commands import registries
from auditor.commands.inputs import read_cluster_name, read_file
from auditor.commands.options import Checks, ClusterName, PolicyFile, SkipChecks
from auditor.errors import PolicyError, UsageError
from auditor.escape import escape
from auditor.exits import Exit
from auditor.output import check_writable, write_file, write_standard

if TYPE_CHECKING:
    from auditor.install.settings import PolicyText, Pushgateway, Registry
    from auditor.policy import Policy

_CONFIG_MAP = 1 << 20
_MOST_PODS = 1_000_000


def install(
    namespace: Annotated[
        str, typer.Option("-n", "--namespace", metavar="NS", help="A namespace of its own.")
    ] = "auditor",
    image: Annotated[
        str | None, typer.Option(metavar="IMAGE", help="The image of Auditor, by its digest if possible.")
    ] = None,
    pull_secret: Annotated[
        str | None, typer.Option(metavar="NAME", help="The Secret in that namespace to pull the image with.")
    ] = None,
    schedule: Annotated[str, typer.Option(metavar="CRON", help="When, in UTC; five fields.")] = "17 3 * * *",
    policy: PolicyFile = None,
    check: Checks = None,
    skip_check: SkipChecks = None,
    no_secrets: Annotated[
        bool, typer.Option("--no-secrets", help="Without the right to read secrets: what needs them is `manual`.")
    ] = False,
    fail_on: Annotated[
        str, typer.Option(metavar="SEVERITY|never", help="The job fails from this severity up.")
    ] = "high",
    fail_on_new: Annotated[
        bool, typer.Option("--fail-on-new", help="The job fails only for what the last audit did not find.")
    ] = False,
    allow_incomplete: Annotated[
        bool, typer.Option("--allow-incomplete", help="The job does not fail when something could not be read.")
    ] = False,
    publish: Annotated[
        bool, typer.Option("--publish", help="Write policy reports into the cluster, with the rights to.")
    ] = False,
    metrics: Annotated[
        str | None,
        typer.Option(metavar="textfile=DIR|pushgateway=URL", help="Hand metrics to Prometheus."),
    ] = None,
    registry: registries.Asking = False,
    registry_credentials: registries.Credentials = None,
    registry_ca: Annotated[
        str | None, typer.Option("--registry-ca", metavar="FILE", help="Trust this CA too (PEM).")
    ] = None,
    registry_allow_private: registries.AllowPrivate = None,
    registry_mirror: registries.Mirrors = None,
    registry_plain_http: registries.PlainHttp = None,
    cluster_name: ClusterName = None,
    control_plane: Annotated[
        bool, typer.Option("--control-plane", help="Run on a control-plane node, and read its files as root.")
    ] = False,
    fleet: Annotated[bool, typer.Option("--fleet", help="Audit other clusters, one pod each.")] = False,
    clusters: Annotated[
        str | None, typer.Option(metavar="N|NAME,…", help="Of a fleet: how many, or the keys of their kubeconfigs.")
    ] = None,
    reports_claim: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of a fleet: the volume claim for the reports.")
    ] = None,
    api_server: Annotated[
        list[str] | None, typer.Option(metavar="CIDR", help="Where the API server is, for the network policy.")
    ] = None,
    pods: Annotated[
        int, typer.Option(metavar="N", min=1, max=_MOST_PODS, help="How many pods the cluster has, for memory.")
    ] = 10_000,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="PATH", help="A file to write to; - is standard output.")
    ] = None,
) -> int:
    """Print everything that an audit in the cluster takes, for `kubectl apply -f -`. Nothing is applied."""
    from auditor.install import documents
    from auditor.install.doubts import doubts
    from auditor.install.manifest import render
    from auditor.install.reading import (
        address_block,
        cron_schedule,
        directory,
        fleet_of,
        image_name,
        namespace_name,
        object_name,
        severity,
    )
    from auditor.install.settings import PLACEHOLDER, Settings
    from auditor.packs import enabled, load_packs, select
    from auditor.rbac import needed_resources

    file = Path(output) if output is not None and output != "-" else None
    if file:
        check_writable(file)
    kind, _, place = (metrics or "").partition("=")
    if metrics is not None and (kind not in ("textfile", "pushgateway") or not place):
        raise UsageError("--metrics: no such way", "Give textfile=DIR or pushgateway=URL.")
    if no_secrets and registry_credentials is not None:
        raise UsageError("--registry-credentials cluster reads secrets", "Leave it out, or --no-secrets.")
    rules, content = _policy(policy)
    chosen = select(load_packs(rules.packs), check or (), skip_check or ())
    checks = enabled(chosen, rules)
    clusters_name = read_cluster_name(cluster_name)
    settings = Settings(
        resources=needed_resources(checks, credentials=registry_credentials is not None),
        namespace=namespace_name(namespace),
        image=image_name(image or PLACEHOLDER),
        pull_secret=object_name("--pull-secret", pull_secret) if pull_secret is not None else None,
        schedule=cron_schedule(schedule),
        pods=pods,
        policy=content,
        only=tuple(check or ()),
        skip=tuple(skip_check or ()),
        secrets=not no_secrets,
        fail_on=severity(fail_on),
        fail_on_new=fail_on_new,
        allow_incomplete=allow_incomplete or no_secrets,
        control_plane=control_plane,
        textfile=directory(place) if kind == "textfile" else None,
        pushgateway=_pushgateway(place, fleet=fleet) if kind == "pushgateway" else None,
        publish=publish,
        registry=_registry(
            registry,
            registry_credentials,
            registry_ca,
            registry_allow_private or (),
            registry_mirror or (),
            registry_plain_http or (),
            rules,
        ),
        cluster_name=clusters_name,
        fleet=fleet_of(
            fleet,
            clusters,
            reports_claim,
            control_plane=control_plane,
            no_secrets=no_secrets,
            named=clusters_name is not None,
        ),
        api_servers=tuple(address_block(cidr) for cidr in api_server or ()),
    )
    text = render(documents(settings))
    for doubt in doubts(settings, rules, checks):
        print(f"warning: {escape(doubt)}", file=sys.stderr)
    if file:
        write_file(file, text.encode())
    else:
        write_standard(text)
    return Exit.OK


def _policy(path: str | None) -> tuple[Policy, PolicyText | None]:
    """The policy, and the file's text as it is: its hash shall be the one that reports tell. It is read once, since it
    may be a pipe."""
    from auditor.install.settings import PolicyText
    from auditor.policy import Policy
    from auditor.policy_file import load_policy
    from auditor.policy_files import with_files

    if path is None:
        return Policy(), None
    data = read_file(path, PolicyError)
    rules = with_files(load_policy(data, path), Path(path).parent)
    try:
        content = PolicyText(data.decode(), {_beside(path, name): held for name, held in rules.files.items()})
    except UnicodeDecodeError:
        raise PolicyError(f"{path}: no ConfigMap can hold this, for it is not UTF-8", "Save it as UTF-8.") from None
    if content.size > _CONFIG_MAP:
        raise PolicyError(
            f"{path}: it and its files take {content.size:,} bytes, and a ConfigMap holds {_CONFIG_MAP:,}",
            "Name smaller files: of EPSS, for instance, the rows that matter.",
        )
    return rules, content


def _beside(path: str, name: str) -> str:
    """A name as a path that a volume can give a file."""
    place = PurePosixPath(name)
    if place.is_absolute() or ".." in place.parts:
        raise PolicyError(
            f"{path}: {name} lies outside the policy's folder, where the pod would not find it",
            "Put the file beside the policy, and name it by its relative path.",
        )
    return str(place)


def _pushgateway(url: str, *, fleet: bool) -> Pushgateway:
    from auditor.install.settings import Pushgateway
    from auditor.pushing import has_group, parse_gateway

    gateway = parse_gateway(url)
    if gateway.user is not None:
        raise UsageError(
            "--metrics pushgateway: a manifest is no place for a password",
            "Leave --metrics out, and set AUDITOR_PUSHGATEWAY in the container from a Secret.",
        )
    if fleet and has_group(gateway.url):
        raise UsageError(
            "--metrics pushgateway: in one group the clusters of a fleet would replace each other's metrics",
            "End the address before /metrics: each cluster gets a group of its name.",
        )
    parts = urlsplit(gateway.url)
    return Pushgateway(gateway.url, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))


def _registry(
    asked: bool,
    credentials: str | None,
    authority: str | None,
    allow_private: Sequence[str],
    mirrors: Sequence[str],
    plain_http: Sequence[str],
    policy: Policy,
) -> Registry | None:
    if not asked:
        if credentials is not None or authority is not None or allow_private or mirrors or plain_http:
            raise UsageError("options about registries were given, and none is asked", "Add --registry.")
        return None
    from auditor.install.registry import registry_of

    return registry_of(
        credentials=credentials,
        authority=read_file(authority, UsageError) if authority is not None else None,
        allow_private=allow_private,
        mirrors=mirrors,
        plain_http=plain_http,
        policy=policy,
    )
