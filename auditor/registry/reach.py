"""Which addresses may be connected to: image names are anyone's to write, and must not lead into the own network."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from msgspec import Struct

Network = IPv4Network | IPv6Network
_Address = IPv4Address | IPv6Address

_NAT64 = ip_network("64:ff9b::/96")
# Metadata services of clouds, which hand out credentials, at addresses that do not look like it.
_METADATA = frozenset(
    map(
        ip_address,
        (
            "169.254.169.254",
            "168.63.129.16",  # Azure's, public by its number
            "100.100.100.200",  # Alibaba Cloud's
            "192.0.0.192",  # Oracle Cloud's first generation
            "fd00:ec2::254",  # AWS's
            "fd20:ce::254",  # Google Cloud's
        ),
    )
)
# Private, though Python's ipaddress counts them as public: IETF protocol assignments, and site-local addresses.
_PRIVATE = (ip_network("192.0.0.0/24"), ip_network("fec0::/10"))


class Reach(Struct, frozen=True):
    """What the operator allows beside the internet: hosts (lower-case, without brackets) each with its port, 0 for
    every port, and networks.

    An allowed host may lie on a private or loopback address, and still not on a link-local one: metadata services of
    clouds are there, and whoever holds the name could point it at them. For those a network has to be allowed.
    """

    hosts: frozenset[tuple[str, int]] = frozenset()
    networks: tuple[Network, ...] = ()

    def refusal(self, host: str, address: str, port: int) -> str | None:
        """Why a host's address may not be connected to; None where it may. `address` may have a zone."""
        written = ip_address(address.partition("%")[0])
        meant = _embedded(written)
        for found in {written, meant}:
            if any(found in network for network in self.networks):
                return None
        kind = next((kind for found in (written, meant) if (kind := _kind(found))), None)
        allowed = not self.hosts.isdisjoint({(host, 0), (host, port)})
        if kind is None or (kind in ("private", "loopback") and allowed):
            return None
        return kind


def _kind(address: _Address) -> str | None:
    """What is special about an address; None for one on the internet."""
    if address.is_loopback:
        return "loopback"
    if address.is_link_local or address in _METADATA:
        return "link-local or metadata"
    if any(address in network for network in _PRIVATE):
        return "private"
    if address.is_multicast:
        return "multicast"
    if address.is_unspecified or address.is_reserved:
        return None if address in _NAT64 else "reserved"
    return None if address.is_global else "private"


def _embedded(address: _Address) -> _Address:
    """The IPv4 address within an IPv6 one that leads there: mapped, 6to4, NAT64; else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64 or address.packed[:12] == bytes(12):
        return IPv4Address(address.packed[12:]) if address.packed[12:15] != bytes(3) else address
    return address.ipv4_mapped or address.sixtofour or address
