"""Whose certificates the policy means by an identity."""

from __future__ import annotations

from auditor.signatures.patterns import expression


def matches(pattern: str, subject: str) -> bool:
    """Whether the policy means a subject: in full, `*` for any characters but `/`, `**` for any at all."""
    return pattern == subject or ("*" in pattern and bool(expression(pattern).fullmatch(subject)))


def fault(issuer: str, subject: str) -> str:
    """Why an identity of the policy lets in more than anybody means, empty where it does not."""
    if "*" in issuer:
        return f"issuer: {issuer}: a subject is worth what its issuer is, so name the issuer in full"
    if "*" not in subject:
        return ""
    if not set(subject) - set("*/:@"):
        return f"subject: {subject}: lets in everybody whom the issuer knows"
    scheme, is_uri, rest = subject.partition("://")
    if not is_uri:
        domain = subject.rpartition("@")[2]
        return f"subject: {subject}: name the part after the @ in full" if "*" in domain else ""
    host, _, path = rest.partition("/")
    if "*" in scheme + host:
        return f"subject: {subject}: name the host in full, up to the / after it"
    if scheme in ("http", "https") and "*" in path.partition("/")[0]:
        return f"subject: {subject}: name the owner, which is the first part of the path, in full"
    return ""
