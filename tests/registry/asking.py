"""Asking registries of tests: snapshots of workloads, and what a scan puts together to ask with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from auditor.evidence import Evidence, ImageEvidence
from auditor.model import Container, Owner, RunningImage, Shape, Snapshot
from auditor.registry.access import Services
from auditor.registry.budget import MINUTES
from auditor.registry.cache import Cache
from auditor.registry.gather import Asked, gather
from auditor.registry.login import CredentialSource, NoCredentials
from auditor.registry.names import Found, LookUp, look_up
from auditor.registry.patience import Patience
from auditor.registry.proxies import Proxies
from auditor.registry.settings import settings
from auditor.registry.transport import Transport
from auditor.registry.trust import Trust
from auditor.subjects import ImageUse

LOOPBACK = "127.0.0.0/8"


def all_here(name: str, port: int, seconds: float) -> list[Found]:
    """Every name leads to loopback."""
    return look_up("127.0.0.1", port, seconds)


class FakeClock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Fixed:
    """Credentials whatever the image is."""

    def __init__(self, *found: object) -> None:
        self.found = found

    def for_image(self, reference: object, uses: Sequence[ImageUse]) -> Sequence[object]:
        return self.found


class Asker:
    """What one run asks with."""

    def __init__(
        self,
        *plain: str,
        cache: Path | None = None,
        credentials: CredentialSource | None = None,
        ca: Path | None = None,
        allow: Sequence[str] = (LOOPBACK,),
        mirrors: Sequence[str] = (),
        look_up: LookUp = look_up,
        proxies: Proxies | None = None,
        minutes: float = MINUTES,
    ) -> None:
        self.clock = FakeClock()
        said = settings(allow, mirrors, plain)
        self.transport = Transport(said.reach, Trust(str(ca) if ca else None), 4, look_up, proxies or Proxies())
        self.patience = Patience(self.transport, self.clock.sleep, self.clock)
        services = Services.through(self.patience, said.plain_http, self.clock, minutes)
        self.asked = Asked(services, Cache(cache), credentials or NoCredentials(), said)

    def images(self, *images: str | tuple[str, str]) -> tuple[ImageEvidence, ...]:
        return gather(workloads(*images), self.asked)

    def evidence(self, *images: str | tuple[str, str]) -> Evidence:
        return Evidence(self.images(*images))

    def image(self, image: str) -> ImageEvidence:
        """The one content row of one image, or the row that says why there is none."""
        rows = self.images(image)
        unavailable = [row for row in rows if row.unavailable]
        contents = unavailable or [row for row in rows if not row.tag]
        assert len(contents) == 1, rows
        return contents[0]


@contextmanager
def asker(*plain: str, **named: object) -> Iterator[Asker]:
    made = Asker(*plain, **named)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        made.transport.close()


def workloads(*images: str | tuple[str, str]) -> Snapshot:
    """A Deployment each, of an image or of (image, the imageID that runs)."""
    owners = []
    for number, image in enumerate(images):
        spec, running = image if isinstance(image, tuple) else (image, "")
        container = Container("web", "container", spec)
        runs = (RunningImage("web", running),) if running else ()
        shape = Shape("pods" if running else "template", (container,), running=runs, pods=1 if running else 0)
        owners.append(Owner("shop", "Deployment", f"web-{number}", shapes=(shape,)))
    return Snapshot(owners=tuple(owners))
