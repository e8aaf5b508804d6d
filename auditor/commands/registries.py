"""The options about registries, and asking them for a scan or a snapshot."""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from msgspec import Struct

from auditor.errors import UsageError
from auditor.escape import escape
from auditor.registry.budget import MINUTES

if TYPE_CHECKING:
    from auditor.collect import Collected
    from auditor.evidence import ImageEvidence
    from auditor.fleet import Gather
    from auditor.registry.cache import Cache
    from auditor.registry.docker_config import DockerConfig
    from auditor.registry.login import CredentialSource
    from auditor.sources.progress import Progress

Asking = Annotated[bool, typer.Option("--registry", help="Ask the registries of the images in use; needs the network.")]
Config = Annotated[
    str | None, typer.Option("--registry-config", metavar="FILE", help="Log in as this docker config.json says.")
]
Credentials = Annotated[
    str | None,
    typer.Option("--registry-credentials", metavar="cluster", help="Log in with the workloads' own pull secrets."),
]
Authority = Annotated[
    str | None,
    typer.Option(
        "--registry-ca", metavar="PATH", help="Trust this CA too (PEM), or DIR/HOST[:PORT]/*.crt by registry."
    ),
]
AllowPrivate = Annotated[
    list[str] | None,
    typer.Option("--registry-allow-private", metavar="HOST|CIDR", help="Registries there may be asked; repeatable."),
]
Mirrors = Annotated[
    list[str] | None,
    typer.Option("--registry-mirror", metavar="HOST=URL", help="Ask URL before the registry HOST; repeatable."),
]
PlainHttp = Annotated[
    list[str] | None,
    typer.Option("--registry-plain-http", metavar="HOST", help="This registry speaks http; repeatable."),
]
ProxyUrl = Annotated[
    str | None,
    typer.Option("--registry-proxy", metavar="URL|env", help="Ask through this proxy, or as HTTPS_PROXY says."),
]
CacheFolder = Annotated[
    str | None, typer.Option("--registry-cache", metavar="DIR", help="Where answers are kept (~/.cache/auditor).")
]
Minutes = Annotated[
    int,
    typer.Option("--registry-minutes", metavar="N", min=1, help="Ask no longer than this for a cluster's images."),
]
NoCache = Annotated[bool, typer.Option("--no-registry-cache", help="Keep no answers, and use none.")]


_NAMED = 5


class RegistryOptions(Struct, frozen=True):
    """As given on the command line."""

    asking: Asking = False
    config: Config = None
    credentials: Credentials = None
    ca: Authority = None
    allow_private: AllowPrivate = None
    mirrors: Mirrors = None
    plain_http: PlainHttp = None
    proxy: ProxyUrl = None
    cache: CacheFolder = None
    no_cache: NoCache = False
    minutes: Minutes = MINUTES


def asker(options: RegistryOptions, source: str | None, kubeconfig: str | None, context: str | None) -> Gather:
    """Puts what registries say into what was collected; leaves that alone without --registry.

    UsageError, before anything is read, for options that cannot be. `context` is of the cluster that is scanned.
    """
    if not options.asking:
        if msgspec.structs.replace(options, asking=True) != RegistryOptions(asking=True):
            raise UsageError("options about registries were given, and none is asked", "Add --registry.")
        return lambda collected, progress: collected
    if options.credentials not in (None, "cluster"):
        raise UsageError(
            f"--registry-credentials {options.credentials}: there is only cluster", "Or --registry-config."
        )
    if options.credentials and source is not None:
        raise UsageError(
            "--registry-credentials cluster reads secrets of a live cluster, --from files",
            "Give --registry-config FILE instead.",
        )
    if options.no_cache and options.cache:
        raise UsageError("--registry-cache and --no-registry-cache exclude each other", "Give one of them.")
    from auditor.coverage import with_evidence
    from auditor.registry.access import Services
    from auditor.registry.docker_config import DockerConfig
    from auditor.registry.gather import Asked, gather
    from auditor.registry.patience import PER_HOST, Patience
    from auditor.registry.proxies import proxies
    from auditor.registry.settings import settings
    from auditor.registry.transport import Transport
    from auditor.registry.trust import Trust

    said = settings(options.allow_private or (), options.mirrors or (), options.plain_http or ())
    trust = Trust(options.ca)
    out = proxies(options.proxy, os.environ)
    config = DockerConfig(options.config) if options.config else None
    for note in config.notes if config else ():
        print(f"warning: {escape(note)}", file=sys.stderr)

    # One registry serves several clusters: its patience, its tokens and what it refuses are the same for all.
    transport = Transport(said.reach, trust, PER_HOST, proxies=out)
    services = Services.through(Patience(transport), said.plain_http, minutes=options.minutes)
    opening = threading.Lock()
    opened: list[Cache] = []

    def ask(collected: Collected, progress: Progress) -> Collected:
        with opening:
            if not opened:
                opened.append(_cache(options, progress.warn))
        asked = Asked(services, opened[0], _credentials(config, options, collected, kubeconfig, context), said)
        with transport.used():
            rows = gather(collected.snapshot, asked, lambda: progress.advance("images", 1))
        _tell(rows, progress)
        return msgspec.structs.replace(collected, snapshot=with_evidence(collected.snapshot, rows))

    return ask


def _credentials(
    config: DockerConfig | None,
    options: RegistryOptions,
    collected: Collected,
    kubeconfig: str | None,
    context: str | None,
) -> CredentialSource:
    from auditor.registry.login import Chain

    found: list[CredentialSource] = [config] if config else []
    if options.credentials:
        from auditor.registry.cluster_secrets import ClusterSecrets, secret_reader

        found.append(ClusterSecrets(collected.snapshot, secret_reader(kubeconfig, context)))
    return Chain(found)


def _tell(rows: Sequence[ImageEvidence], progress: Progress) -> None:
    """What is not known, in a line or two, so that nobody takes it for done."""
    missing = [row.unavailable for row in rows if row.unavailable and row.unavailable.kind != "not-found"]
    if missing:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(m.kind for m in missing).items()))
        text = f"registries did not answer {len(missing)} of {len(rows)} questions ({kinds}): {missing[0].detail}"
        progress.note(f"{text}{' …' if len(missing) > 1 else ''}")
    late = [row.reference for row in rows if row.unavailable and row.unavailable.kind == "timeout"]
    if late:
        more = f" and {len(late) - _NAMED:,} more" if late[_NAMED:] else ""
        progress.note(f"not asked or not answered in time: {', '.join(late[:_NAMED])}{more}")


def _cache(options: RegistryOptions, warn: Callable[[str], object]) -> Cache:
    """Where it is asked for, or where the XDG specification has it; a place that cannot be used costs requests."""
    from auditor.registry.cache import Cache

    if options.no_cache:
        return Cache(None)
    if options.cache:
        return Cache(Path(options.cache), warn)
    home = os.environ.get("XDG_CACHE_HOME") or ""
    base = Path(home) if home.startswith("/") else Path("~/.cache").expanduser()
    return Cache(base / "auditor" / "registry")
