"""Check: image-not-minimal."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import WITH_REGISTRY, Evidence, Fail, Image, Manual, Platform, Severity, Skip, check
from checks.supply_chain._asked import platforms

_SHELLS = frozenset("ash bash busybox csh dash fish ksh pwsh sh tcsh zsh".split())
_MANAGERS = frozenset(
    "apk apt apt-get aptitude dnf dpkg emerge microdnf nix-env opkg pacman rpm tdnf yum zypper debian.sh".split()
)


@check(
    "Image carries a shell or a package manager",
    severity=Severity.LOW,
    opt_in=WITH_REGISTRY,
    references=(
        "https://github.com/GoogleContainerTools/distroless",
        "https://docs.docker.com/build/building/multi-stage/",
    ),
    remediation="""
    Build in one stage and ship in another that holds the program alone:

        FROM golang:1.25 AS build
        WORKDIR /src
        COPY . .
        RUN CGO_ENABLED=0 go build -o /app .

        FROM gcr.io/distroless/static-debian12:nonroot
        COPY --from=build /app /app
        ENTRYPOINT ["/app"]

    For a look inside a running pod use `kubectl debug`, which brings its own tools and takes them away again.
    """,
)
def image_not_minimal(image: Image, evidence: Evidence) -> Iterator[Fail | Manual | Skip]:
    """Whoever gets into a process can only use what lies beside it. A shell turns one hole into a session, a package
    manager brings the rest of the tools, and both come with packages whose vulnerabilities have to be patched.

    Told by the image's history and start command: what ran in its build was in the image then. A history that is
    missing or says nothing proves nothing. Windows images are not judged.
    """
    judged = [p for p in platforms(image, evidence) if not p.platform.startswith("windows")]
    if not judged:
        yield Skip()
        return
    found = {name for platform in judged for name in _programs(platform)}
    shells, managers = sorted(found & _SHELLS), sorted(found & _MANAGERS)
    if shells or managers:
        what = " and ".join(
            f"{kind} ({', '.join(names)})"
            for kind, names in (("a shell", shells), ("a package manager", managers))
            if names
        )
        yield Fail(
            f"{image.name} carries {what} by its history.",
            evidence={"programs": [*shells, *managers], "where": list(image.where[:20])},
        )
    elif any(not any(step.instruction or step.programs for step in platform.history) for platform in judged):
        yield Manual(
            f"The history of {image.name} does not say what it holds: look, with `crane export IMAGE - | tar t`.",
            evidence={"where": list(image.where[:20])},
        )


def _programs(platform: Platform) -> Iterator[str]:
    """Names without path of what the history runs and the container starts with."""
    for name in (platform.entrypoint, platform.command):
        yield name.rpartition("/")[2]
    for step in platform.history:
        yield from step.programs
