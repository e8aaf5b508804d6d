"""Files of scan results, told apart by what they hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Raw, Struct, field

from auditor import wire
from auditor.errors import SourceError
from auditor.scans.contents import Scanned
from auditor.scans.operator_reports import ReportFold
from auditor.sources.documents import read_text
from auditor.sources.scan_results import clair, grype, trivy
from auditor.sources.scan_results.damage import Unusable
from auditor.sources.unpack import drain, expand
from auditor.sources.walk import walk

_FORMATS = "Known are the JSON of Trivy, Grype and Clair, and VulnerabilityReports of Trivy Operator."
_REPORT = wire.BY_NAME["vulnerabilityreports.aquasecurity.github.io"]
_NOTHING, _THERE = Raw(), Raw(b"there")


class Given(Struct, frozen=True):
    """What was given beside the cluster, and what of it cannot be used, a line for each."""

    scanned: tuple[Scanned, ...] = ()
    faults: tuple[str, ...] = ()


class _Head(Struct):
    """What tells the formats apart; of any type, since this is not the place to complain."""

    schema: Raw = field(default=_NOTHING, name="SchemaVersion")
    resources: Raw = field(default=_NOTHING, name="Resources")
    matches: Raw = _NOTHING
    descriptor: Raw = _NOTHING
    manifest_hash: Raw = _NOTHING
    kind: Raw = _NOTHING


# Scanners write first what tells, so that their long files need not be read twice.
_FIRST = re.compile(rb'\s*\{\s*"(SchemaVersion|manifest_hash|matches)"\s*:\s*[\d"\[]')
_HEADS = {
    b"SchemaVersion": _Head(schema=_THERE),
    b"manifest_hash": _Head(manifest_hash=_THERE),
    b"matches": _Head(matches=_THERE, descriptor=_THERE),
}


def read_files(paths: Iterable[str]) -> Given:
    """The results in files, and in directories below which are JSON and YAML files, gzipped or not.

    SourceError where there is nothing of that name, or nothing in it; a file that cannot be used is a fault.
    """
    scanned: list[Scanned] = []
    faults: list[str] = []
    for path in paths:
        files = _files(path)
        if not files:
            raise SourceError(f"{path}: no files of scan results", "Files there end in .json, .yaml, or these and .gz.")
        for file in files:
            name = str(file).encode(errors="backslashreplace").decode()  # names need not be UTF-8
            for found in _read(file, name):
                if isinstance(found, str):
                    faults.append(f"{name}: {found}")
                else:
                    scanned.append(found)
    return Given(tuple(scanned), tuple(faults))


def _files(path: str) -> list[Path]:
    place = Path(path)
    try:
        if place.is_dir():
            return list(walk(place))
        if place.exists():
            return [place]
    except (OSError, ValueError):
        pass
    raise SourceError(f"{path}: there is no such file or directory", "--scan-results takes a file or a directory.")


def _read(file: Path, name: str) -> Iterator[Scanned | str]:
    """The results in a file, and in their stead why there are none."""
    try:
        with file.open("rb") as stream:
            text = expand(drain(stream, name), name)
        yield from _results(text, name)
    except OSError as error:
        yield error.strerror or "cannot be read"
    except Unusable as error:
        yield str(error)
    except SourceError as error:
        yield str(error).removeprefix(f"{name}:")
    except msgspec.MsgspecError as error:
        yield f"damaged, or of no known format: {error}"  # types and paths, never values
    except UnicodeDecodeError:
        yield "not UTF-8"
    except RecursionError:
        yield "nested too deeply"


def _results(text: bytes, name: str) -> Iterator[Scanned | str]:
    head = _head(text)
    if _there(head.schema):
        yield trivy.read(msgspec.json.decode(text, type=trivy.TrivyReport), name)
    elif _there(head.manifest_hash):
        yield clair.read(msgspec.json.decode(text, type=clair.ClairReport), name)
    elif _there(head.descriptor) and bytes(head.matches):
        yield grype.read(msgspec.json.decode(text, type=grype.GrypeReport), name)
    elif _there(head.kind):
        yield from _reports(text, name)
    elif _there(head.resources):
        raise Unusable("Trivy's result of a whole cluster; scan the images, or collect Trivy Operator's reports")
    else:
        raise Unusable(f"no scan result. {_FORMATS}")


def _head(text: bytes) -> _Head:
    if first := _FIRST.match(text):
        return _HEADS[first[1]]
    return msgspec.json.decode(text, type=_Head) if text.lstrip()[:1] == b"{" else _Head(kind=_THERE)


def _there(raw: Raw) -> bool:
    return bytes(raw) not in (b"", b"null")


def _reports(text: bytes, name: str) -> Iterator[Scanned | str]:
    """VulnerabilityReports: one that does not fit its kind costs itself alone."""
    fold = ReportFold()
    any_report = False
    for document in read_text(text, name):
        if document.kind != _REPORT.kind or not document.api_version.startswith(f"{_REPORT.group}/"):
            continue
        any_report = True
        try:
            item = wire.decode_object(wire.VulnerabilityReport, document.json)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            yield f"{document.origin.removeprefix(name + ':')}: {_REPORT.kind}: {error}"
            continue
        fold.add(item, document.origin)
    if not any_report:
        raise Unusable(f"no scan result. {_FORMATS}")
    yield from fold.scanned
    yield from (f"{origin.removeprefix(name + ':')}: {_REPORT.kind}: {why}" for origin, why in fold.faults)
