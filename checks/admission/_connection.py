"""What is weak about the connection to an image policy's backend, on either side."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import CertificateFacts, Fail, Manual, PolicyBackend, out_of_date


def weaknesses(backend: PolicyBackend, now: str | None) -> Iterator[Fail | Manual]:
    """Each with a part of its own. Over plain http nothing else is looked at; `now` is RFC 3339, None if not known."""
    if backend.scheme != "https":
        yield Fail(
            f"The image policy backend {backend.address} is asked without TLS: whoever stands in between decides which "
            "images run.",
            "http",
        )
        return
    yield from _server_side(backend, now)
    yield from _client_side(backend, now)


def _server_side(backend: PolicyBackend, now: str | None) -> Iterator[Fail | Manual]:
    if backend.insecure:
        yield Fail(
            f"Nobody verifies that it is the image policy backend {backend.address} that answers "
            "(insecure-skip-tls-verify).",
            "insecure-skip-tls-verify",
        )
    elif backend.authority is None:
        yield Manual(
            f"The kubeconfig of the image policy backend {backend.address} names no certificate authority: any of the "
            "system's roots, as the container has them, vouches for it.",
            "authority",
        )
    elif late := out_of_date(backend.authority, now):
        yield Fail(
            f"The certificate authority of the image policy backend {late}: every question fails.",
            "authority-expired",
            evidence=_dates(backend.authority),
        )


def _client_side(backend: PolicyBackend, now: str | None) -> Iterator[Fail | Manual]:
    shown = backend.client
    if shown is None:
        if backend.other_credentials:
            kinds = ", ".join(backend.other_credentials)
            yield Manual(
                f"The API server shows the image policy backend no client certificate but other credentials ({kinds}): "
                "see whether the backend demands them.",
                "client-certificate",
            )
        else:
            yield Fail(
                "The API server shows the image policy backend no client certificate: it cannot be told from anybody "
                "else who asks.",
                "client-certificate",
            )
        return
    if shown.serves is None:
        yield Manual(
            f"Whether {shown.file.path} is a client's certificate cannot be told"
            f"{f': {shown.file.detail}' if shown.file.detail else ''}.",
            "client-certificate",
        )
    elif shown.identifies is False:
        kind = "is a serving certificate" if shown.serves else "is not made for clients"
        yield Fail(
            f"The certificate {shown.file.path} that the API server shows the image policy backend {kind}: a backend "
            "that verifies clients refuses it, and one that does not is open to everybody.",
            "client-certificate",
            evidence={"file": shown.file.path},
        )
    if late := out_of_date(shown, now):
        yield Fail(
            f"The certificate {shown.file.path} that the API server shows the image policy backend {late}.",
            "client-certificate-expired",
            evidence=_dates(shown),
        )


def _dates(certificate: CertificateFacts) -> dict[str, str | None]:
    return {"file": certificate.file.path, "notBefore": certificate.starts, "notAfter": certificate.expires}
