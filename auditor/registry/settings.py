"""What the user says of registries, checked before anything is asked."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from urllib.parse import SplitResult

from msgspec import Struct

from auditor.errors import UsageError
from auditor.image import MalformedReference, parse_entry
from auditor.registry.addresses import Mirror, endpoint_of, split
from auditor.registry.reach import Network, Reach


class Settings(Struct, frozen=True):
    """`mirrors` by registry, in the order to ask them; `plain_http` as `host` or `host:port`, lower-case."""

    reach: Reach = Reach()
    mirrors: dict[str, tuple[Mirror, ...]] = {}
    plain_http: frozenset[str] = frozenset()


def settings(allow_private: Iterable[str], mirrors: Iterable[str], plain_http: Iterable[str]) -> Settings:
    """From the command line's words; raises UsageError."""
    found: dict[str, tuple[Mirror, ...]] = {}
    for text in mirrors:
        registry, mirror = _mirror(text)
        found[registry] = (*found.get(registry, ()), mirror)
    plain = frozenset(text.lower() for text in plain_http if _host("--registry-plain-http", text))
    # An address that is written with http:// says so itself.
    plain |= {m.endpoint.authority for given in found.values() for m in given if m.endpoint.scheme == "http"}
    return Settings(_reach(allow_private), found, plain)


def _reach(allowed: Iterable[str]) -> Reach:
    hosts: set[tuple[str, int]] = set()
    networks: list[Network] = []
    for text in allowed:
        try:
            networks.append(ip_network(text))
        except ValueError:
            parts = _host("--registry-allow-private", text)
            hosts.add(((parts.hostname or "").lower(), parts.port or 0))
    return Reach(frozenset(hosts), tuple(networks))


def _host(option: str, text: str) -> SplitResult:
    parts = split(f"https://{text}")
    if parts is None or parts.path or parts.query or parts.fragment:
        advice = "Write it as in image names: HOST or HOST:PORT."
        if option == "--registry-allow-private":
            advice = "Write a host, an address, or a network such as 10.0.0.0/8 (without bits beyond its length)."
        shown = "" if "@" in text else f" {text}"  # what is before it may be a password
        raise UsageError(f"{option}{shown}: this is no host", advice)
    return parts


def _mirror(text: str) -> tuple[str, Mirror]:
    name, _, url = text.partition("=")
    advice = "Write it as HOST=URL, such as docker.io=https://mirror.example.com/dockerhub."
    try:
        entry = parse_entry(name)
    except MalformedReference as error:
        shown = "" if "@" in name else f" {name}=…"
        raise UsageError(f"--registry-mirror{shown}: the registry {error}", advice) from None
    parts = split(url)
    if entry.path or parts is None or parts.query or parts.fragment:
        raise UsageError(f"--registry-mirror {name}=…: this is no address of a mirror of a whole registry", advice)
    # Some write the address with the /v2/ that every registry's addresses begin with.
    prefix = f"{parts.path.strip('/')}/".removeprefix("v2/").strip("/")
    return entry.registry, Mirror(endpoint_of(parts), f"{prefix}/" if prefix else "")
