"""Registries that mean harm: nothing leaks, nothing hangs, nothing grows."""

from __future__ import annotations

import re
import resource
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from auditor.coverage import with_evidence
from auditor.evidence import Evidence, ImageEvidence, Unavailable
from auditor.exits import Exit, exit_code
from auditor.model import Container, Coverage, Owner, Shape, Snapshot
from auditor.registry.addresses import Endpoint
from auditor.registry.fault import Unanswered
from auditor.registry.gather import gather
from auditor.registry.login import Credential
from auditor.registry.material import room
from auditor.registry.names import Found
from auditor.registry.transport import Request
from auditor.report import Severity
from auditor.wire import WORKLOADS
from tests.auditing import audit
from tests.registry.artifacts import BUNDLE, Built, as_json, bundle, classic_signature, digest_of, manifest
from tests.registry.asking import Asker, Fixed, all_here, asker, workloads
from tests.registry.loopback import Asked, Loopback, Reply, loopback
from tests.sources.certificates import Authority

SECRET = Credential("a file", b"user", b"s3cret-password")


def why(row: ImageEvidence) -> str:
    assert row.unavailable is not None
    assert "s3cret" not in row.unavailable.detail
    return row.unavailable.kind


def endless(write: Callable[[bytes], Any]) -> None:
    while True:
        write(b"x" * 65536)


def test_other_content_than_the_digest_names() -> None:
    with loopback() as registry, asker(registry.host) as run:
        image = registry.put("a", Built().image(), "1")
        swapped = Built(seed="swapped").image()
        registry.first = lambda asked: Reply(200, swapped.body) if asked.path.endswith(image.digest) else None
        assert why(run.image(f"{registry.host}/a:1")) == "invalid"


def test_another_configuration_than_the_manifest_names() -> None:
    with loopback() as registry, asker(registry.host) as run:
        image = registry.put("a", Built(user="0").image(), "1")
        registry.blobs["a", digest_of(image.blobs[0])] = Built(user="1000").image().blobs[0]
        row = run.image(f"{registry.host}/a:1")
    assert row.platforms[0].unavailable is not None
    assert row.platforms[0].unavailable.kind == "invalid"
    assert row.platforms[0].user == ""


@pytest.mark.parametrize("stated", [True, False])
def test_a_body_without_an_end(stated: bool) -> None:
    headers = {"Content-Length": str(1 << 40)} if stated else {}
    with loopback() as registry, asker(registry.host) as run:
        registry.first = lambda asked: Reply(200, headers=headers, stream=endless) if asked.method == "GET" else None
        registry.put("a", Built().image(), "1")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert why(run.image(f"{registry.host}/a:1")) == "too-big"
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10  # KiB


@pytest.mark.parametrize("begins", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"])
@pytest.mark.parametrize("tls", [False, True])
def test_a_byte_now_and_then(begins: bytes, tls: bool, tmp_path: Path) -> None:
    """Each wait is short: only the time in all ends it. Else this test would not."""
    authority = Authority(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server, asker(ca=authority.path) as run:
        context = authority.server("127.0.0.1") if tls else None
        threading.Thread(target=dripping, args=(server, begins, context), daemon=True).start()
        at = Endpoint("https" if tls else "http", "127.0.0.1", server.getsockname()[1])
        with pytest.raises(Unanswered) as caught:
            run.transport.request(Request("GET", at, "/", {}, bound=1000, seconds=0.7))
    assert caught.value.why.kind == "timeout"


def dripping(server: socket.socket, begins: bytes, context: ssl.SSLContext | None) -> None:
    connection, _ = server.accept()
    with suppress(OSError), context.wrap_socket(connection, server_side=True) if context else connection as made:
        made.sendall(begins)
        while True:
            made.sendall(b"x")
            time.sleep(0.05)


def test_redirects_lose_the_login(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with loopback(authority.server("127.0.0.1")) as storage, loopback(authority.server("127.0.0.1")) as registry:
        image = registry.put("a", Built().image(), "1")

        def redirect(asked: Asked) -> Reply | None:
            if not asked.authorization:
                return Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
            if "/blobs/" in asked.path:
                return Reply(307, headers={"Location": f"{storage.url}/storage?signature=of-the-address"})
            return None

        registry.first = redirect
        storage.first = lambda asked: Reply(200, image.blobs[0])
        with asker(ca=authority.path, credentials=Fixed(SECRET)) as run:
            row = run.image(f"{registry.host}/a:1")
        assert row.platforms[0].entrypoint == "/app"
        assert [asked.authorization for asked in storage.asked] == [""]
        storage.first = lambda asked: Reply(200, headers={}, stream=endless)
        with asker(ca=authority.path, credentials=Fixed(SECRET)) as run:
            fault = run.image(f"{registry.host}/a:1").platforms[0].unavailable
        assert fault is not None
        assert fault.kind == "too-big"
        assert "signature" not in fault.detail


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("http://127.0.0.1:{port}/x", "refused"),
        ("https://user:password@127.0.0.1:{port}/x", "invalid"),
        ("ftp://127.0.0.1/x", "invalid"),
        ("file:///etc/passwd", "invalid"),
        ("https://169.254.169.254/latest/meta-data/", "refused"),
        ("https://10.0.0.1/x", "refused"),
        ("https://[::ffff:169.254.169.254]/x", "refused"),
        ("https://2852039166/x", "refused"),
        ("https://0251.0376.0251.0376/x", "refused"),
        ("https://bad host/x", "invalid"),
        ("https://[/x", "invalid"),
        ("/v2/a/manifests/1", "invalid"),
    ],
)
def test_redirects_that_are_not_followed(location: str, kind: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with loopback(authority.server("127.0.0.1")) as registry, asker(ca=authority.path) as run:
        to = location.format(port=registry.port)
        registry.first = lambda asked: Reply(302, headers={"Location": to})
        row = run.image(f"{registry.host}/a:1")
    assert why(row) == kind


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:{port}",
        "localhost:{port}",
        "[::1]:{port}",
        "[::ffff:7f00:1]:{port}",
        "0x7f.1:{port}",
        "0177.0.0.1:{port}",
        "127.1:{port}",
        "0.0.0.0:{port}",
        "169.254.169.254",
        "168.63.129.16",
        "10.1.2.3",
        "100.100.100.200",
        "224.0.0.1",
        "[fd00:ec2::254]",
        "[64:ff9b::7f00:1]:{port}",
        "[2002:7f00:1::]:{port}",
        "[::7f00:1]:{port}",
    ],
)
def test_addresses_within_are_not_connected_to(host: str) -> None:
    with loopback() as registry:
        name = host.format(port=registry.port)
        with asker(name, allow=()) as run:
            row = run.image(f"{name}/a:1")
        assert registry.asked == []
    assert why(row) == "refused"


def test_an_allowed_name_may_be_private_and_not_a_metadata_service() -> None:
    with loopback() as registry:
        registry.put("a", Built().image(), "1")
        name = f"localhost:{registry.port}"
        with asker(name, allow=("localhost",)) as run:
            assert run.image(f"{name}/a:1").unavailable is None
    run_ = Asker(allow=("169.254.169.254:80",))
    assert why(run_.image("169.254.169.254/a:1")) == "refused"


def test_a_realm_elsewhere_gets_no_login(tmp_path: Path) -> None:
    """Whoever answers for the registry writes the realm; it is asked for an anonymous token, and no more."""
    authority = Authority(tmp_path)
    with loopback(authority.server("localhost")) as thief, loopback(authority.server("127.0.0.1")) as registry:
        realm = f"https://localhost:{thief.port}/token"
        registry.first = lambda asked: Reply(401, headers={"WWW-Authenticate": f'Bearer realm="{realm}",service="x"'})
        thief.first = lambda asked: Reply(200, as_json({"token": "anonymous"}))
        with asker(ca=authority.path, credentials=Fixed(SECRET)) as run:
            row = run.image(f"{registry.host}/a:1")
        assert why(row) == "refused"
        assert [asked.authorization for asked in thief.asked] == [""] * len(thief.asked)
        assert not any(b"s3cret" in asked.body or "s3cret" in str(asked.query) for asked in thief.asked)
        assert {asked.authorization for asked in registry.asked} <= {"", "Bearer anonymous"}


@pytest.mark.parametrize(
    "realm",
    ["http://127.0.0.1:{port}/token", "https://169.254.169.254/token", "//127.0.0.1", "https://a:b@127.0.0.1:{port}/t"],
)
def test_realms_that_are_not_asked_at_all(realm: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with loopback() as plain, loopback(authority.server("127.0.0.1")) as registry:
        to = realm.format(port=plain.port)
        registry.first = lambda asked: Reply(401, headers={"WWW-Authenticate": f'Bearer realm="{to}"'})
        with asker(ca=authority.path, credentials=Fixed(SECRET)) as run:
            assert why(run.image(f"{registry.host}/a:1")) in ("refused", "invalid")
        assert plain.asked == []


def test_a_login_that_is_for_tls_alone_is_not_sent_in_the_clear() -> None:
    only_tls = Credential("secret shop/pull", b"user", b"s3cret-password", tls_only=True)
    with loopback() as registry, asker(registry.host, credentials=Fixed(only_tls)) as run:
        registry.first = lambda asked: Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        assert why(run.image(f"{registry.host}/a:1")) == "denied"
        assert {asked.authorization for asked in registry.asked} == {""}


@pytest.mark.parametrize("token", ["two\nlines", "t\u00e9", "", "a b"])
def test_tokens_that_are_no_header(token: str, tmp_path: Path) -> None:
    with loopback() as registry, asker(registry.host) as run:

        def answer(asked: Asked) -> Reply:
            if asked.path == "/token":
                return Reply(200, as_json({"token": token}))
            return Reply(401, headers={"WWW-Authenticate": f'Bearer realm="{registry.url}/token"'})

        registry.first = answer
        assert why(run.image(f"{registry.host}/a:1")) == "invalid"


def test_a_storm_of_429_ends() -> None:
    """A few tries for the first images, none for the rest."""
    with loopback() as registry, asker(registry.host) as run:
        registry.first = lambda asked: Reply(429)
        rows = run.images(*(f"{registry.host}/a-{number}:1" for number in range(100)))
        assert {why(row) for row in rows} == {"rate-limited"}
        assert len(registry.asked) <= 40
        assert 0 < sum(run.clock.slept) < 600


def test_a_long_wait_is_not_waited_for() -> None:
    with loopback() as registry, asker(registry.host) as run:
        registry.first = lambda asked: Reply(429, headers={"Retry-After": "86400"})
        assert why(run.image(f"{registry.host}/a:1")) == "rate-limited"
        assert run.clock.slept == []
        assert len(registry.asked) == 1


@pytest.mark.parametrize(
    ("headers", "waits"), [({"Retry-After": "7"}, 7.0), ({"RateLimit-Reset": "9"}, 9.0), ({}, None)]
)
def test_a_registry_that_is_busy_for_a_while(headers: dict[str, str], waits: float | None) -> None:
    answers = [Reply(429, headers=headers), Reply(503)]
    with loopback() as registry, asker(registry.host) as run:
        registry.put("a", Built().image(), "1")
        registry.first = lambda asked: answers.pop(0) if answers else None
        assert run.image(f"{registry.host}/a:1").unavailable is None
        assert len(run.clock.slept) == 2
        assert waits is None or abs(run.clock.slept[0] - waits) < 0.01


def test_one_broken_path_is_no_reason_to_give_up() -> None:
    with loopback() as registry, asker(registry.host) as run:
        registry.first = lambda asked: Reply(500) if "/referrers/" in asked.path else None
        for number in range(20):
            registry.put(f"a-{number}", Built(user=str(number)).image(), "1")
        rows = [row for row in run.images(*(f"{registry.host}/a-{n}:1" for n in range(20))) if not row.tag]
    assert len(rows) == 20
    assert all(row.platforms[0].user and row.signatures_unavailable for row in rows)


def test_signatures_do_not_fill_the_memory() -> None:
    with loopback() as registry, asker(registry.host) as run:
        image = registry.put("a", Built().image(), "1")
        large = [(str(number).encode() * 900_000, "MQ==") for number in range(9)]
        registry.put("a", classic_signature(large), f"{image.digest.replace(':', '-')}.sig")
        row = run.image(f"{registry.host}/a:1")
    assert sum(len(found.payload) for found in row.signatures) <= 4 << 20
    assert row.signatures_unavailable is not None
    assert row.signatures_unavailable.kind == "too-big"


def test_a_registry_that_is_not_there_costs_a_few_tries() -> None:
    with loopback() as registry:
        gone = registry.host
    with asker(gone) as run:
        rows = run.images(*(f"{gone}/a-{number}:1" for number in range(200)))
        assert {why(row) for row in rows} == {"unreachable"}
        assert run.patience.count <= 40


@pytest.mark.parametrize(
    "link",
    [
        "<https://evil.example/v2/a/referrers/x?n=1>; rel=next",
        "</v2/other/referrers/x>; rel=next",
        "<//evil.example/v2/a/referrers/x>; rel=next",
    ],
)
def test_a_next_page_elsewhere(link: str) -> None:
    with loopback() as registry, asker(registry.host) as run:
        body = as_json({"schemaVersion": 2, "manifests": []})
        registry.first = lambda asked: Reply(200, body, {"Link": link}) if "referrers" in asked.path else None
        registry.put("a", Built().image(), "1")
        row = run.image(f"{registry.host}/a:1")
    assert row.referrers_unavailable is not None
    assert row.referrers_unavailable.kind == "invalid"
    assert row.signatures_unavailable is not None


def test_pages_without_an_end() -> None:
    with loopback() as registry, asker(registry.host) as run:
        body = as_json({"schemaVersion": 2, "manifests": []})

        def page(asked: Asked) -> Reply | None:
            return Reply(200, body, {"Link": f"<{asked.path}?n=1>; rel=next"}) if "referrers" in asked.path else None

        registry.first = page
        registry.put("a", Built().image(), "1")
        row = run.image(f"{registry.host}/a:1")
    assert row.referrers_unavailable is not None
    assert row.referrers_unavailable.kind == "too-big"


def test_what_a_registry_says_is_not_repeated() -> None:
    """Its words may be what was sent to it, or steer a terminal."""
    said = as_json({"errors": [{"code": "EVIL \x1b[31m", "message": "s3cret"}]})
    with loopback() as registry, asker(registry.host) as run:
        registry.first = lambda asked: Reply(418, said)
        row = run.image(f"{registry.host}/a:1")
    assert row.unavailable is not None
    assert re.fullmatch(r"[\w.:]+ answers 418", row.unavailable.detail)


def test_answers_that_are_no_http(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with loopback(authority.server("127.0.0.1")) as tls, asker(tls.host) as run:
        assert why(run.image(f"{tls.host}/a:1")) in ("unreachable", "timeout")
    with loopback() as plain, asker() as run:
        row = run.image(f"{plain.host}/a:1")
    assert why(row) == "unreachable"
    assert row.unavailable is not None
    assert "plain http" in row.unavailable.detail


def test_packed_answers_are_not_unpacked() -> None:
    import gzip

    with loopback() as registry, asker(registry.host) as run:
        image = registry.put("a", Built().image(), "1")
        packed = Reply(200, gzip.compress(image.body), {"Content-Encoding": "gzip"})
        registry.first = lambda asked: packed if asked.path.endswith(image.digest) else None
        assert why(run.image(f"{registry.host}/a:1")) == "invalid"


def test_one_image_does_not_hold_up_the_audit() -> None:
    """Each answer comes in time, and there are many: what the image says is known, whether it is signed is not."""
    with loopback() as registry, asker(registry.host) as run:
        image = registry.put("a", Built().image(), "1")
        for number in range(60):
            registry.put("a", bundle(image, str(number).encode()))
        registry.first = lambda asked: run.clock.sleep(29)
        row = run.image(f"{registry.host}/a:1")
        assert len(registry.asked) <= 6
    assert row.platforms[0].entrypoint == "/app"
    assert row.signatures_unavailable is not None
    assert row.signatures_unavailable.kind == "timeout"


def test_one_registry_does_not_hold_up_the_audit() -> None:
    with loopback() as registry, asker(registry.host) as run:
        registry.first = lambda asked: run.clock.sleep(20)
        names = [f"{registry.host}/a-{number}:1" for number in range(200)]
        for number in range(200):
            registry.put(f"a-{number}", Built().image(), "1")
        rows = run.images(*names)
        assert len({path.split("/")[2] for path in registry.paths()}) < 100
    assert {row.unavailable.kind for row in rows if row.unavailable} == {"timeout"}


def many_slow(run: Asker, slow: Loopback, honest: Loopback, hosts: Sequence[str]) -> Snapshot:
    """A thousand hosts that one tenant names, which do not answer before all others have, and slowly then; beside them
    a registry with many images, and a single one."""
    answered = threading.Event()

    def quick(asked: Asked) -> None:
        if len([path for path in honest.paths() if "/referrers/" in path]) == 41:
            answered.set()

    def late(asked: Asked) -> None:
        if answered.wait(20):
            run.clock.sleep(25)

    honest.first, slow.first = quick, late
    for number in range(40):
        honest.put(f"a-{number}", Built(seed=str(number)).image(), "1")
    return Snapshot(
        owners=(
            *(deployed("attacker", f"a-{number}", f"{host}/x:1") for number, host in enumerate(hosts)),
            *(deployed("shop", f"web-{number}", f"{honest.host}/a-{number}:1") for number in range(40)),
            deployed("zoo", "web", f"localhost:{honest.port}/a-0:1"),
        )
    )


def deployed(namespace: str, name: str, image: str) -> Owner:
    return Owner(namespace, "Deployment", name, shapes=(Shape("template", (Container("web", "container", image),)),))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("h{}.evil.example:{}", "evil.example has had all the time"),
        ("reg.evil-{}.example:{}", "30 minutes were over"),
    ],
)
def test_a_thousand_hosts_do_not_hold_up_the_audit(name: str, said: str) -> None:
    with loopback() as slow, loopback() as honest:
        hosts = [name.format(number, slow.port) for number in range(1000)]
        with asker(*hosts, honest.host, f"localhost:{honest.port}", look_up=all_here) as run:
            begun = run.clock()
            found = Evidence(gather(many_slow(run, slow, honest, hosts), run.asked))
            assert run.clock() - begun <= 30 * 60 + 16 * 25
    own = [fault(found, f"{honest.host}/a-{number}") for number in range(40)]
    assert [*own, fault(found, f"localhost:{honest.port}/a-0")] == [None] * 41
    over = [fault(found, f"{host}/x") for host in hosts]
    assert {told.kind for told in over if told} <= {"timeout", "not-found"}
    assert sum(said in told.detail for told in over if told) > 800


def fault(found: Evidence, repository: str) -> Unavailable | None:
    """Why the tag 1 of it is not known."""
    row = found.tag(repository, "1")
    assert row is not None
    return row.unavailable


def test_what_was_not_asked_is_told() -> None:
    """By registry, with how many images it is about: neither passed nor failed, and the audit is incomplete."""
    with loopback() as registry, asker(registry.host, minutes=0) as run:
        collected = tuple(Coverage(name, "read") for name in ("pods", *WORKLOADS))
        names = [f"{registry.host}/a-{number}:1" for number in range(3)]
        snapshot = msgspec.structs.replace(workloads(*names), coverage=collected)
        told = audit(with_evidence(snapshot, gather(snapshot, run.asked)), only=("image-unavailable",))
    (finding,) = told.findings
    assert (finding.status, finding.cause, finding.evidence["count"]) == ("manual", "unreadable", 3)
    assert f"registry {registry.host}" in finding.message
    assert "the 0 minutes were over" in finding.message
    assert exit_code(told, Severity.HIGH) == Exit.INCOMPLETE


def test_after_its_time_no_secret_is_read_either() -> None:
    class Untouched:
        def for_image(self, reference: object, uses: object) -> Sequence[Credential]:
            raise AssertionError(reference)

    with loopback() as registry, asker(registry.host, credentials=Untouched(), minutes=0) as run:
        registry.put("a", Built().image(), "1")
        rows = run.images(f"{registry.host}/a:1", f"{registry.host}/a@{Built().image().digest}")
        assert registry.asked == []
    assert [why(row) for row in rows] == ["timeout", "timeout"]


def test_a_resolver_that_never_answers_is_waited_for_no_longer_than_all_else() -> None:
    """Its time is in that of the request."""
    given: list[float] = []

    def never(name: str, port: int, seconds: float) -> list[Found]:
        given.append(seconds)
        raise TimeoutError

    with asker("slow.example", look_up=never) as run:
        assert why(run.image("slow.example/a:1")) == "timeout"
    assert given
    assert max(given) <= 30


def test_referrers_that_are_no_signatures_after_all() -> None:
    """So many are looked into, and no more; none of them is held."""
    with loopback() as registry, asker(registry.host) as run:
        image = registry.put("a", Built().image(), "1")
        for number in range(70):
            notes = {"number": str(number), "padding": "x" * 60_000}
            made = manifest(b"{}", [], artifactType=BUNDLE, subject=image.descriptor(), annotations=notes)
            registry.put("a", made)
        row = run.image(f"{registry.host}/a:1")
        asked = [path for path in registry.paths("GET") if "/manifests/" in path]
        assert len(asked) == 1 + 64
        assert run.asked.cache.held < 60_000
    assert len(row.referrers) == 70
    assert row.signatures_unavailable is not None
    assert row.signatures_unavailable.kind == "too-big"


def test_signatures_of_many_images_have_the_same_room_each() -> None:
    """Which are read does not depend on which image is asked for first."""
    assert [room(images) for images in (0, 1, 64, 256, 100_000)] == [4 << 20, 4 << 20, 4 << 20, 1 << 20, 1 << 18]


def test_pages_of_referrers_share_one_bound() -> None:
    padding = {"annotations": {"padding": "x" * 700_000}}

    def page(asked: Asked) -> Reply | None:
        if "referrers" not in asked.path:
            return None
        body = as_json({"schemaVersion": 2, "manifests": [Built().image().descriptor(**padding)]})
        return Reply(200, body, {"Link": f"<{asked.path}?n=1>; rel=next"})

    with loopback() as registry, asker(registry.host) as run:
        registry.first = page
        registry.put("a", Built().image(), "1")
        row = run.image(f"{registry.host}/a:1")
        assert len([path for path in registry.paths() if "referrers" in path]) == 6
    assert row.referrers_unavailable is not None
    assert row.referrers_unavailable.kind == "too-big"


def test_an_allowed_port_is_not_the_whole_host() -> None:
    with loopback() as other, loopback() as registry:
        names = f"localhost:{registry.port}", f"localhost:{other.port}"
        registry.put("a", Built().image(), "1")
        with asker(*names, allow=[names[0]]) as run:
            assert run.image(f"{names[0]}/a:1").unavailable is None
            assert why(run.image(f"{names[1]}/a:1")) == "refused"
        assert other.asked == []
