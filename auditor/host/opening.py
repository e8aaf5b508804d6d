"""The files that one API server opens as it starts, noted as they are looked up, with what stops it there."""

from __future__ import annotations

from auditor.host.files import Found, HostFiles
from auditor.hostfacts import HostFile, StartFault
from auditor.model import ControlPlanePod
from auditor.mounts import below

# What is there without a volume: an image's own certificates, and what every container has.
_OF_THE_IMAGE = (
    "/dev",
    "/etc/ca-certificates",
    "/etc/pki",
    "/etc/ssl",
    "/proc",
    "/run/secrets",
    "/usr/lib",
    "/usr/local/share",
    "/usr/share",
    "/var/run/secrets",
)


class Opening:
    """Files and faults of one API server, in the order in which it meets them."""

    def __init__(self, files: HostFiles, pod: ControlPlanePod) -> None:
        self.pod = pod
        self.host = files
        self.faults: list[StartFault] = []
        self._found: dict[str, Found] = {}
        self._read: dict[str, HostFile] = {}

    @property
    def files(self) -> tuple[HostFile, ...]:
        return tuple(self._read.get(path, found.file) for path, found in self._found.items())

    def find(self, path: str) -> Found:
        """Whether the file is there, without reading it."""
        if path not in self._found:
            self._found[path] = self.host.find(self.pod, path)
        return self._found[path]

    def read(self, path: str) -> tuple[HostFile, bytes]:
        file, data = self.host.read(self.find(path))
        self._read[path] = file
        return file, data

    def fault(self, path: str, reason: str, *, always: bool = False, certain: bool = True) -> None:
        self.faults.append(StartFault(path, reason, always, certain))

    def opens(self, path: str, *, always: bool = False) -> bool:
        """Whether the server can open it, or may be able to; notes the fault if it cannot."""
        file = self.find(path).file
        if file.state == "missing":
            self.fault(path, "there is no such file", always=always)
        elif file.state == "unmounted":
            certain = not any(below(folder, path) for folder in _OF_THE_IMAGE)
            self.fault(path, file.detail, always=always, certain=certain)
        return file.state in ("read", "unread")

    def text(self, path: str, *, always: bool = False) -> bytes | None:
        """What it holds, None where that is not known or it cannot be read, which is then noted."""
        if not self.opens(path, always=always):
            return None
        if self.find(path).folder:
            self.fault(path, "it is a directory", always=always)
            return None
        file, data = self.read(path)
        return data if file.state == "read" else None
