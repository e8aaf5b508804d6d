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
    missing, says nothing, or begins with a file system that it does not name proves nothing. Windows images are not
    judged.
    """
    judged = False
    for name, platform in platforms(image, evidence):
        if platform.platform.startswith("windows"):
            continue
        judged = True
        found = set(_programs(platform))
        shells, managers = sorted(found & _SHELLS), sorted(found & _MANAGERS)
        if shells or managers:
            kinds = (("a shell", shells), ("a package manager", managers))
            what = " and ".join(f"{kind} ({', '.join(names)})" for kind, names in kinds if names)
            yield Fail(
                f"{name} carries {what} by its history.",
                evidence={"programs": [*shells, *managers], "where": list(image.where[:20])},
            )
        elif _is_silent(platform):
            yield Manual(
                f"The history of {name} does not say all that it holds: look, with `crane export IMAGE - | tar t`.",
                evidence={"where": list(image.where[:20])},
            )
    if not judged:
        yield Skip()


def _programs(platform: Platform) -> Iterator[str]:
    """Names without path of what the history runs and the container starts with."""
    for name in (platform.entrypoint, platform.command):
        yield name.rpartition("/")[2].lower()
    for step in platform.history:
        yield from (program.lower() for program in step.programs)


def _is_silent(platform: Platform) -> bool:
    """Whether the history leaves open what is in the image: nothing in it, or an archive of a whole system first."""
    steps = [step for step in platform.history if step.instruction or step.programs]
    return not steps or steps[0].instruction == "ADD"
