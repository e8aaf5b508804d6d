"""The functions of Kubernetes' CEL that are type-checked and not evaluated: an error of theirs may be none."""

from __future__ import annotations

import re


def _named(names: str, arities: str, result: str, *, member: bool = True) -> list[tuple[str, str, bool, str]]:
    return [(name, arities, member, result) for name in names.split()]


# As (name, arities, whether it is a method, type of the result in the letters of cel_functions).
# Who may do what cannot be known here; the others have to do with numbers, addresses and names, hardly with images.
DECLARED = (
    *_named("path group resource subresource namespace serviceAccount fieldSelector labelSelector", "23", "d"),
    *_named("check", "12", "d"),
    *_named("allowed errored", "1", "b"),
    *_named("reason error", "1", "s"),
    *_named("url quantity ip cidr", "1", "d", member=False),
    *_named("semver", "12", "d", member=False),
    *_named("isURL isQuantity isIP isCIDR ip.isCanonical", "1", "b", member=False),
    *_named("isSemver", "12", "b", member=False),
    *_named("getScheme getHost getHostname getPort getEscapedPath", "1", "s"),
    *_named("getQuery masked add sub", "12", "d"),
    *_named("isInteger isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast", "1", "b"),
    *_named("asInteger sign family prefixLength major minor patch", "1", "i"),
    *_named("asApproximateFloat", "1", "d"),
    *_named("isGreaterThan isLessThan containsIP containsCIDR", "2", "b"),
    *_named("compareTo", "2", "i"),
    *_named("name ip", "12", "d"),
    *_named("format", "2", "s"),
    *_named("validate", "2", "d"),
    *_named("strings.quote", "1", "s", member=False),
    *_named("format.named", "1", "d", member=False),
    *_named(
        "format.dns1123Label format.dns1123Subdomain format.dns1035Label format.qualifiedName format.labelValue "
        "format.dns1123LabelPrefix format.dns1123SubdomainPrefix format.dns1035LabelPrefix format.uri format.uuid "
        "format.byte format.date format.datetime",
        "0",
        "d",
        member=False,
    ),
)
UNDECIDED = frozenset(name for name, *_ in DECLARED)
UNTRIED = frozenset({"lists.range", "distinct"})
"""Functions that the runtime has and does not bound: a list of any length, and a comparison of each with each."""
LACKING = re.compile(r"\.unwrapOpt\(|\.exists_one\(\s*\w+\s*,\s*\w+\s*,|\bhas\(\s*variables\.\w+\s*\)")
"""What the API server takes and the runtime does not: exists_one with two variables, has() of a variable."""
