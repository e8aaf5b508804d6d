"""What the API server serves. Only this tells `absent` from `forbidden`: authorization comes before the 404."""

from __future__ import annotations

import re
import threading

import msgspec
from msgspec import Struct, structs

from auditor import wire
from auditor.sources.faults import Fault
from auditor.sources.reader import HURRIED, Reader

_GROUP_VERSION = re.compile(r"(?:[a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?v[a-z0-9]+")


class _Version(wire.Wire):
    version: str | None = None


class _Group(wire.Wire):
    name: str | None = None
    versions: list[_Version] | None = None
    preferred_version: _Version | None = None


class _GroupList(wire.Wire):
    kind: str | None = None
    groups: list[_Group] | None = None


class _Resource(wire.Wire):
    name: str | None = None
    kind: str | None = None
    namespaced: bool = False
    verbs: list[str] | None = None


class _ResourceList(wire.Wire):
    kind: str | None = None
    resources: list[_Resource] | None = None


class Served(Struct, frozen=True):
    """A kind that can be listed."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool

    def as_resource(self) -> wire.Resource:
        return wire.Resource(self.plural, self.kind, wire.Partial, self.group, self.version, self.namespaced)


class Discovery:
    """The group list, read once; the kinds of a group version, when they are asked for. What cannot be read is None."""

    def __init__(self, reader: Reader) -> None:
        self.forbidden = False
        self._reader = reader
        self._lock = threading.Lock()
        self._kinds: dict[str, dict[str, Served] | None] = {}
        self._groups = self._read_groups()

    def served(self, resource: wire.Resource) -> bool | None:
        """Whether a list is served; None where discovery may not be read, or leaves it open."""
        if not resource.group:
            return True
        if self._groups is None:
            return None
        if "." not in resource.group:
            return resource.version in self._groups.get(resource.group, ())  # apps and batch are served whole
        return self.choose(resource)[1]

    def choose(self, resource: wire.Resource) -> tuple[wire.Resource, bool | None]:
        """The list in the version to ask for, and whether it is served; None where that cannot be told.

        Objects of policies are of one shape in all versions: they are read in one that nobody has heard of, too.
        """
        if self._groups is None:
            return resource, None
        offered = self._groups.get(resource.group, ())
        versions = dict.fromkeys((resource.version, *resource.versions))
        if resource.type is wire.PolicyObject:
            versions |= dict.fromkeys(offered)
        unknown = []
        for version in versions:
            candidate = structs.replace(resource, version=version)
            kinds = self.kinds(candidate.api_version) if version in offered else {}
            if kinds is None:
                unknown.append(candidate)
            elif any(kind.plural == resource.plural for kind in kinds.values()):
                return candidate, True
        return (unknown[0], None) if unknown else (resource, False)

    def unknown_versions(self, resource: wire.Resource) -> tuple[str, ...]:
        """Those in which a list is served that is served in none of its own."""
        offered = (self._groups or {}).get(resource.group, ())
        kinds = {version: self.kinds(f"{resource.group}/{version}") or {} for version in offered}
        return tuple(
            version for version in offered if any(k.plural == resource.plural for k in kinds[version].values())
        )

    def has(self, group: str) -> bool | None:
        """Whether an API group is served; None where discovery may not be read."""
        return None if self._groups is None else group in self._groups

    @property
    def groups(self) -> frozenset[str] | None:
        """All API groups by name, without the core's; None where discovery may not be read."""
        return None if self._groups is None else frozenset(self._groups)

    def group_kinds(self, group: str) -> tuple[Served, ...] | None:
        """The kinds of a group that can be listed, in the version that it prefers; None where that cannot be told."""
        if self._groups is None:
            return None
        for version in self._groups.get(group, ()):
            kinds = self.kinds(f"{group}/{version}")
            if kinds is None:
                return None
            if kinds:
                return tuple(kinds[name] for name in sorted(kinds))
        return ()

    def find(self, api_version: str, kind: str) -> Served | bool | None:
        """A kind by an ownerReference's words; of another version of its group where that version is no longer served.

        False: it is not served. None: that cannot be told.
        """
        if not _GROUP_VERSION.fullmatch(api_version):
            return False
        group, _, version = api_version.rpartition("/")
        if group and self._groups is None:
            versions = [version]
        elif group:
            served = (self._groups or {}).get(group, [])
            versions = [version] if version in served else served
        else:
            versions = [version]
        unknown = False
        for candidate in versions:
            kinds = self.kinds(f"{group}/{candidate}" if group else candidate)
            if kinds is not None and kind in kinds:
                return kinds[kind]
            unknown = unknown or kinds is None
        return None if unknown else False

    def kinds(self, api_version: str) -> dict[str, Served] | None:
        """The kinds of a group version that can be listed, by name."""
        with self._lock:
            if api_version not in self._kinds:
                self._kinds[api_version] = self._read_kinds(api_version)
            return self._kinds[api_version]

    def _read_groups(self) -> dict[str, list[str]] | None:
        try:
            answer = self._reader.get("/apis", patience=HURRIED)
            self.forbidden = answer.status == 403
            listed = wire.decode_object(_GroupList, answer.body) if answer.status == 200 else None
        except (Fault, msgspec.MsgspecError, UnicodeDecodeError):
            return None
        if listed is None or listed.kind != "APIGroupList":
            return None
        found: dict[str, list[str]] = {}
        for group in listed.groups or ():
            preferred = [group.preferred_version] if group.preferred_version else []
            versions = [version.version or "" for version in (*preferred, *(group.versions or ()))]
            found[group.name or ""] = list(dict.fromkeys(versions))
        return found

    def _read_kinds(self, api_version: str) -> dict[str, Served] | None:
        group, _, version = api_version.rpartition("/")
        try:
            listed = self._reader.read(f"/{'apis' if group else 'api'}/{api_version}", _ResourceList, patience=HURRIED)
        except Fault:
            return None
        if listed is None or listed.kind != "APIResourceList":
            return None
        return {
            resource.kind or "": Served(group, version, resource.name, resource.kind or "", resource.namespaced)
            for resource in listed.resources or ()
            if resource.name and "/" not in resource.name and "list" in (resource.verbs or ())
        }
