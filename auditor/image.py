"""Image references: the grammar that every node applies, policy entries, and the imageID of a running container."""

import re
from functools import lru_cache

import msgspec

DOCKER_HUB = "docker.io"
_DOCKER_HUB_ALIAS = "index.docker.io"
_PATH_MAX = 255
# Longer strings are parsed but not remembered, so that hostile input cannot fill memory through the cache.
_CACHED_LENGTH = 1024

_HEX_ID = re.compile(r"[a-f0-9]{64}", re.ASCII)
_HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[a-fA-F0-9:]+\])"
    r"(?::[0-9]+)?",
    re.ASCII,
)
_COMPONENT = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://", re.ASCII)
_GLOB = frozenset("*?{}\\")
_PLACEHOLDERS = ("${", "$(", "{{", "<")


class MalformedReference(ValueError):
    """Not an image reference (or policy entry); the message is a short reason and quotes nothing of the input."""


class Reference(msgspec.Struct, frozen=True):
    """A normalised image reference, as distribution/reference's ParseNormalizedNamed makes it.

    `registry` is empty for one quirk of that grammar: a dotted first segment that holds an underscore is no valid host,
    yet parses, as part of the repository. `explicit_registry` says whether the string itself named a registry.
    """

    registry: str
    repository: str
    tag: str | None = None
    digest: str | None = None
    explicit_registry: bool = False

    @property
    def name(self) -> str:
        """`registry/repository`: what the kubelet looks credentials up by."""
        return f"{self.registry}/{self.repository}" if self.registry else self.repository

    @property
    def familiar(self) -> str:
        """The name as people write it: without `docker.io/`, and without `library/` for its official images."""
        if self.registry != DOCKER_HUB:
            return self.name
        short = self.repository.removeprefix("library/")
        return self.repository if "/" in short else short

    @property
    def effective_tag(self) -> str | None:
        """The tag that the kubelet asks for: `latest` only where there is neither tag nor digest."""
        if self.tag is None and self.digest is None:
            return "latest"
        return self.tag

    @property
    def pinned(self) -> bool:
        return self.digest is not None

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag is not None else ""
        digest = f"@{self.digest}" if self.digest is not None else ""
        return f"{self.name}{tag}{digest}"


class Entry(msgspec.Struct, frozen=True):
    """A policy's registry, or registry and path; an empty `path` is the whole registry."""

    registry: str
    path: str = ""

    def covers(self, reference: Reference) -> bool:
        """Whether the image lies at or under this entry, compared at whole path segments.

        On Docker Hub a single segment is both an organisation and the short name of an official image, as people write
        it.
        """
        if reference.registry != self.registry:
            return False
        if not self.path or reference.repository == self.path or reference.repository.startswith(self.path + "/"):
            return True
        return self.registry == DOCKER_HUB and "/" not in self.path and reference.repository == f"library/{self.path}"

    def __str__(self) -> str:
        return f"{self.registry}/{self.path}" if self.path else self.registry


class ImageID(msgspec.Struct, frozen=True):
    """What `status.imageID` tells.

    A digest without a repository is that of the image's config, which cannot be compared with a manifest's.
    """

    repository: str | None = None
    digest: str | None = None


def parse(reference: str) -> Reference:
    """Normalise an image reference; raises MalformedReference where the kubelet would say InvalidImageName.

    Source: distribution/reference normalize.go and regexp.go; k8s pkg/util/parsers/parsers.go.
    """
    if len(reference) > _CACHED_LENGTH:
        return _parse(reference)
    return _parse_cached(reference)


def parse_entry(entry: str) -> Entry:
    """Read a registry, or registry and path, of a policy; raises MalformedReference.

    The first segment is a registry if it holds `.`, `:` or an upper-case letter or equals `localhost`; else the entry
    lies on Docker Hub. Trailing slashes are tolerated; tags, digests, schemes, white space and globs are refused.
    """
    if not entry or entry.isspace():
        raise MalformedReference("is empty")
    if any(character.isspace() for character in entry):
        raise MalformedReference("holds white space")
    if _SCHEME.match(entry):
        raise MalformedReference("starts with a scheme; write the registry alone")
    if not _GLOB.isdisjoint(entry):
        raise MalformedReference("holds a glob character; entries cover what lies under them without one")
    if "@" in entry:
        raise MalformedReference("holds a digest or user information; entries name a registry or a path")
    first, slash, rest = entry.rstrip("/").partition("/")
    if not _names_registry(first):
        return Entry(DOCKER_HUB, _checked_entry_path(first + slash + rest))
    if not _HOST.fullmatch(first):
        raise MalformedReference("does not start with a valid registry host, or holds a tag")
    return Entry(DOCKER_HUB if first == _DOCKER_HUB_ALIAS else first, _checked_entry_path(rest) if rest else "")


def parse_image_id(image_id: str) -> ImageID:
    """Read a container status's imageID in the forms of containerd, CRI-O and dockershim; never raises.

    An ID that holds no digest identifies nothing: both fields are None then, as for an empty one.
    """
    scheme = _SCHEME.match(image_id)
    rest = image_id[scheme.end() :] if scheme else image_id
    if _HEX_ID.fullmatch(rest):
        return ImageID(None, f"sha256:{rest}")
    if _DIGEST.fullmatch(rest):
        return ImageID(None, rest)
    try:
        reference = parse(rest)
    except MalformedReference:
        return ImageID()
    return ImageID(reference.name, reference.digest) if reference.digest is not None else ImageID()


def _names_registry(segment: str) -> bool:
    return segment == "localhost" or "." in segment or ":" in segment or segment.lower() != segment


def _parse(text: str) -> Reference:
    if _HEX_ID.fullmatch(text):
        raise MalformedReference("is a bare 64-character hexadecimal ID")
    first, slash, rest = text.partition("/")
    explicit = bool(slash) and _names_registry(first)
    if explicit:
        registry = DOCKER_HUB if first == _DOCKER_HUB_ALIAS else first
        remainder = rest
    else:
        registry, remainder = DOCKER_HUB, text
    named, at, digest = remainder.partition("@")
    path, colon, tag = named.partition(":")
    if not path:
        raise _malformed(text, "names no repository" if text else "is empty")
    if registry == DOCKER_HUB and "/" not in remainder:
        path = f"library/{path}"
    if not _HOST.fullmatch(registry):
        # The reference grammar makes the host optional, so what is no host may still be the start of a path.
        registry, path = "", f"{registry}/{path}"
    if wrong := _wrong_path(path):
        raise _malformed(text, wrong)
    if colon and not _TAG.fullmatch(tag):
        raise _malformed(text, "has a tag that is empty, too long or holds a character that tags may not hold")
    if at and not _DIGEST.fullmatch(digest):
        raise _malformed(text, "has a digest that is not a complete lower-case sha256, sha384 or sha512 digest")
    return Reference(registry, path, tag if colon else None, digest if at else None, explicit)


_parse_cached = lru_cache(maxsize=1 << 17)(_parse)


def _wrong_path(path: str) -> str | None:
    # The length comes first: it bounds the work of the pattern. A host is not limited, but its pattern is linear.
    if len(path) > _PATH_MAX:
        return f"has a repository name of more than {_PATH_MAX} characters"
    if _PATH.fullmatch(path):
        return None
    if path.lower() != path:
        return "has a repository name that is not lower-case"
    return "has a registry or repository name that is not valid"


def _malformed(text: str, reason: str) -> MalformedReference:
    """The likely mistake where one shows, else what the grammar says."""
    if any(character.isspace() for character in text):
        return MalformedReference("holds white space")
    if any(mark in text for mark in _PLACEHOLDERS):
        return MalformedReference("holds a placeholder that nothing has filled in")
    if _SCHEME.match(text):
        return MalformedReference("starts with a scheme, which image references do not have")
    return MalformedReference(reason)


def _checked_entry_path(path: str) -> str:
    if ":" in path:
        raise MalformedReference("holds a tag; entries name a registry or a path")
    if wrong := _wrong_path(path):
        raise MalformedReference(wrong)
    return path
