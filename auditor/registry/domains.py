"""Whose a host is: the domain that somebody registered, below which that somebody makes all names."""

from __future__ import annotations

from functools import cache, lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_OWN = {4: 24, 6: 48}
"""Bits of an address that somebody has for himself, at the least."""


def is_name(host: str) -> bool:
    """Whether it is a name with a domain, and no address: those end in a number, or in a bracket."""
    last = host.rpartition(".")[2]
    return "." in host and last.replace("-", "").isalnum() and not last[:1].isdecimal()


def registrable(host: str) -> str | None:
    """The domain of a name by the public suffix list, whose private part counts: `a.github.io` is another's than
    `b.github.io`. None for a suffix itself."""
    return _suffixes(only_icann=False).privatesuffix(host)


@lru_cache(maxsize=1 << 16)
def payer(registry: str) -> str:
    """On whose account the time goes that a registry takes, as image names have it: its domain, or its network.

    Names are free where a provider gives them away, so all below such a domain is one account.
    """
    bracket, _, rest = registry.lower().partition("[")
    host = rest.partition("]")[0] if rest else bracket.partition(":")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return (_suffixes(only_icann=True).privatesuffix(host) if is_name(host) else None) or host
    return str(ip_network((address, _OWN[address.version]), strict=False))


@cache
def _suffixes(*, only_icann: bool) -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    # A last label that the list does not know, such as `corp`, is taken for a suffix: the domain is what is below it.
    return PublicSuffixList(only_icann=only_icann)
