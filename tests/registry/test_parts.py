"""The parts of the registry client that are functions of values: addresses, history, settings, the cache."""

from __future__ import annotations

import os
import socket
import stat
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from auditor.errors import UsageError
from auditor.image import parse
from auditor.registry.addresses import Endpoint, sources, split
from auditor.registry.budget import Budgets
from auditor.registry.cache import Cache
from auditor.registry.configuration import labels, read
from auditor.registry.domains import payer
from auditor.registry.history import step
from auditor.registry.names import Found, look_up
from auditor.registry.reach import Reach
from auditor.registry.recent import Recent
from auditor.registry.settings import settings
from auditor.registry.trust import Trust
from auditor.registry.turns import Turns
from tests.registry.artifacts import as_json, digest_of
from tests.registry.asking import FakeClock


@pytest.mark.parametrize(
    ("image", "url"),
    [
        ("nginx", "https://registry-1.docker.io"),
        ("index.docker.io/library/nginx", "https://registry-1.docker.io"),
        ("ghcr.io/a/b", "https://ghcr.io"),
        ("Reg.Example:5000/a", "https://reg.example:5000"),
        ("reg.example:443/a", "https://reg.example"),
        ("plain.example:5000/a", "http://plain.example:5000"),
        ("[2001:db8::1]:5000/a", "https://[2001:db8::1]:5000"),
    ],
)
def test_where_a_registry_is(image: str, url: str) -> None:
    (source,) = sources(parse(image), {}, frozenset({"plain.example:5000"}))
    assert source.endpoint.url("") == url


@pytest.mark.parametrize(
    "url", ["https://a@b", "https://", "//b", "https://a:0", "https://a:x", "https://a\\b", "ftp://a"]
)
def test_what_is_no_address(url: str) -> None:
    assert split(url) is None


def test_mirrors_with_a_path() -> None:
    said = settings((), ["docker.io=https://mirror.example/v2/hub/", "quay.io=http://10.0.0.1:5000"], ())
    (mirror, _) = sources(parse("nginx:1"), said.mirrors, said.plain_http)
    assert (mirror.endpoint, mirror.repository) == (Endpoint("https", "mirror.example", 443), "hub/library/nginx")
    assert mirror.reference.name == "mirror.example/hub/library/nginx"
    assert said.plain_http == {"10.0.0.1:5000"}


@pytest.mark.parametrize(
    "arguments",
    [
        (["10.0.0.1/8"], [], []),
        (["a/b"], [], []),
        ([""], [], []),
        ([], ["docker.io"], []),
        ([], ["docker.io=ftp://x"], []),
        ([], ["docker.io/library=https://x"], []),
        ([], ["docker.io=https://user:s3cret@x"], []),
        ([], [], ["https://x"]),
        ([], [], ["x/y"]),
    ],
)
def test_words_that_cannot_be(arguments: tuple[list[str], list[str], list[str]]) -> None:
    with pytest.raises(UsageError) as caught:
        settings(*arguments)
    assert "s3cret" not in f"{caught.value} {caught.value.advice}"


def test_reach() -> None:
    said = settings(["reg.corp:5000", "10.1.0.0/16", "[::1]:5000"], [], []).reach
    assert said.refusal("reg.corp", "192.168.1.1", 5000) is None
    assert said.refusal("reg.corp", "127.0.0.1", 5000) is None
    assert said.refusal("reg.corp", "169.254.169.254", 5000) == "link-local or metadata"
    assert said.refusal("other.corp", "192.168.1.1", 5000) == "private"
    assert said.refusal("other.corp", "10.1.2.3", 5000) is None
    assert said.refusal("other.corp", "::ffff:10.1.2.3", 5000) is None
    assert said.refusal("::1", "::1", 5000) is None
    assert Reach().refusal("x", "93.184.216.34", 5000) is None
    assert Reach().refusal("x", "2606:2800:220:1::1", 5000) is None
    assert Reach().refusal("x", "64:ff9b::5db8:d822", 5000) is None
    assert Reach().refusal("x", "fe80::1%eth0", 5000) == "link-local or metadata"
    # Where a port is given only that one is allowed.
    assert said.refusal("reg.corp", "192.168.1.1", 22) == "private"
    assert said.refusal("::1", "::1", 443) == "loopback"
    anywhere = settings(["reg.corp"], [], []).reach
    assert {anywhere.refusal("reg.corp", "192.168.1.1", port) for port in (443, 5000)} == {None}


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("169.254.169.254", "link-local or metadata"),
        ("168.63.129.16", "link-local or metadata"),
        ("100.100.100.200", "link-local or metadata"),
        ("192.0.0.192", "link-local or metadata"),
        ("fd00:ec2::254", "link-local or metadata"),
        ("fd20:ce::254", "link-local or metadata"),
        ("192.0.0.8", "private"),
        ("fec0::1", "private"),
        ("100.100.100.201", "private"),
    ],
)
def test_addresses_that_do_not_look_private(address: str, kind: str) -> None:
    """A host that is allowed may be private, and never a metadata service."""
    assert Reach().refusal("reg.corp", address, 443) == kind
    allowed = settings(["reg.corp"], [], []).reach.refusal("reg.corp", address, 443)
    assert allowed == (None if kind == "private" else kind)
    assert settings([address], [], []).reach.refusal("x", address, 443) is None


@pytest.mark.parametrize(
    ("text", "instruction", "programs"),
    [
        ("RUN /bin/sh -c apt-get update && apt-get install -y curl # buildkit", "RUN", ("sh", "apt-get")),
        ("/bin/sh -c apk add --no-cache git; rm -rf /x", "RUN", ("sh", "apk", "rm")),
        ("/bin/sh -c set -eux; if ! command -v gpg > /dev/null; then apt-get update; fi", "RUN",
         ("sh", "set", "apt-get")),
        ('/bin/sh -c #(nop)  CMD ["/bin/bash"]', "CMD", ("bash",)),
        ('CMD ["/bin/sh" "-c" "secret"]', "CMD", ("sh",)),
        ('CMD ["secret"]', "CMD", ()),
        ('ENTRYPOINT ["/app", "sh"]', "ENTRYPOINT", ()),
        ("SHELL [/bin/ash -eo pipefail -c]", "SHELL", ("ash",)),
        ("BusyBox 1.37.0 (glibc), Debian 13", "", ("busybox",)),
        ("ADD alpine-minirootfs-3.22.1-x86_64.tar.gz / # buildkit", "ADD", ()),
        ("/bin/sh -c python3.12 -m venv x; GCC-14 x.c", "RUN", ("sh", "python", "gcc")),
        # No word that is no known program is told, wherever it stands.
        ("RUN /bin/sh -c docker login -p \\\n s3cr3t x && apk add y # buildkit", "RUN", ("sh", "docker", "apk")),
        ("RUN /bin/sh -c docker login -p \\\n bash x # buildkit", "RUN", ("sh", "docker")),
        ("RUN /bin/sh -c curl https://x/?a=b&hunter2", "RUN", ("sh", "curl")),
        ("RUN /bin/sh -c cat <<EOF > /root/.token\nghp_16C7\nzsh\nEOF\n # buildkit", "RUN", ("sh", "cat")),
        ("RUN /bin/sh -c apk add x\n# the old password; zsh hunter2\ngit clone y", "RUN", ("sh", "apk", "git")),
        ('RUN ["/opt/hunter2", "x"]', "RUN", ()),
        ("hunter2", "", ()),
        ("/bin/sh -c #(nop) ADD file:abc in / ", "ADD", ()),
        ("RUN |2 TOKEN=a b c X=y /bin/bash -o pipefail -c curl https://x | tar x # buildkit", "RUN",
         ("bash", "curl", "tar")),
        ("|1 TOKEN=secret pip install", "RUN", ()),
        ("/bin/sh -c A=secret B='x y' /usr/bin/make install", "RUN", ("sh", "make")),
        ('/bin/sh -c echo "a && secret" | base64', "RUN", ("sh", "echo", "base64")),
        ("/bin/sh -c (cd /x && ./configure) || exit 1", "RUN", ("sh", "cd", "configure", "exit")),
        ("/bin/sh -c unbalanced 'quote", "RUN", ("sh",)),
        ("/bin/sh -c cat <<EOF > /x", "RUN", ("sh", "cat")),
        ('RUN ["/sbin/apk", "add"]', "RUN", ("apk",)),
        ("cmd /S /C powershell -Command Install-X", "RUN", ("cmd", "powershell")),
        ("ENV PASSWORD=secret", "ENV", ()),
        ("ARG PASSWORD=secret", "ARG", ()),
        ("COPY /bin/busybox /bin/ # buildkit", "COPY", ()),
        ("# debian.sh --arch 'amd64' out/ 'bookworm'", "", ("debian.sh",)),
        ("bazel build @distroless//base", "", ("bazel",)),
        ("", "", ()),
        ("\x1b[31m", "", ()),
    ],
)  # fmt: skip
def test_history(text: str, instruction: str, programs: tuple[str, ...]) -> None:
    made = step(text, None, empty=False)
    assert (made.instruction, made.programs) == (instruction, programs)


@pytest.mark.parametrize("name", ["bash", "busybox", "ksh", "pwsh", "zsh", "apk", "apt", "dpkg", "microdnf", "nix-env"])
def test_what_the_checks_look_for_is_known(name: str) -> None:
    assert step(f"RUN /usr/bin/{name} x", None, empty=False).programs == (name,)


def test_history_of_very_long_steps() -> None:
    made = step("/bin/sh -c " + "true && " * 100_000, None, empty=False)
    assert made.programs == ("sh", "true")


def test_the_cache_verifies_what_it_gives(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    digest = digest_of(b"content")
    cache.keep_content(digest, b"content")
    cache.keep_facts(digest, b"facts")
    assert (cache.content(digest), cache.facts(digest)) == (b"content", b"facts")
    for path in [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert (cache.content(digest), cache.facts(digest)) == (None, None)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert cache.content("../../etc/passwd") is None


def test_the_cache_is_bounded(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    digests = [digest_of(bytes([number]) * 1000) for number in range(10)]
    for number, digest in enumerate(digests):
        cache.keep_content(digest, bytes([number]) * 1000)
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        os.utime(path, (1, 1))
    assert cache.content(digests[4]) is not None  # used just now
    cache.trim(2500)
    left = [digest for digest in digests if cache.content(digest) is not None]
    assert len(left) == 2
    assert digests[4] in left


def test_the_cache_is_never_larger_than_that(tmp_path: Path) -> None:
    """Not while it is written, and not after a run that was killed."""
    cache = Cache(tmp_path, limit=4500)
    for number in range(20):
        cache.keep_content(digest_of(bytes([number]) * 1000), bytes([number]) * 1000)
        assert size(tmp_path) <= 4500
    assert cache.content(digest_of(bytes([19]) * 1000)) is not None
    Cache(tmp_path, limit=1500)
    assert size(tmp_path) == 1000


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_facts_of_earlier_versions_go(tmp_path: Path) -> None:
    """They held words that may be secret. Nothing else goes that is not the cache's."""
    own = [tmp_path / "facts-2026" / "mine", tmp_path / "content" / "mine"]
    for path in own:
        path.parent.mkdir()
        path.write_bytes(bytes(5000))
    (tmp_path / "facts-v1" / "sha256").mkdir(parents=True)
    (tmp_path / "facts-v1" / "sha256" / "x").write_bytes(b"s3cret")
    cache = Cache(tmp_path)
    cache.keep_facts(digest_of(b"x"), b"facts")
    assert not (tmp_path / "facts-v1").exists()
    assert Cache(tmp_path, limit=1000).facts(digest_of(b"x")) == b"facts"
    assert all(path.exists() for path in own)


def test_what_is_held_without_a_cache_is_bounded() -> None:
    recent = Recent(2500)
    for number in range(10):
        recent.put(("content", str(number)), bytes(1000))
        assert recent.get(("content", "0")) is not None, "used all the time"
    assert [number for number in range(10) if recent.get(("content", str(number)))] == [0, 9]
    assert recent.size == 2000
    recent.put(("content", "large"), bytes(3000))
    assert recent.size == 0
    cache = Cache(None)
    cache.keep_content(digest_of(b"x"), b"x", again=False)
    assert cache.content(digest_of(b"x")) is None
    cache.keep_content(digest_of(b"x"), b"x")
    assert cache.content(digest_of(b"x")) == b"x"


def test_a_cache_that_others_may_write_to_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    said: list[str] = []
    cache = Cache(folder, said.append)
    cache.keep_content(digest_of(b"x"), b"x")
    assert not list(folder.iterdir())
    assert len(said) == 1
    (tmp_path / "file").write_text("")
    Cache(tmp_path / "file" / "x", said.append)
    assert len(said) == 2


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_authority_that_cannot_be_read(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    if content:
        path.write_text(content)
    with pytest.raises(UsageError):
        Trust(str(path))


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("https://user:word@example.com/x?t=s3cret#s3cret", "https://example.com/x"),
        ("x-access-token:s3cret@github.com/o/r", "github.com/o/r"),
        ("git@github.com:o/r.git", "github.com:o/r.git"),
        ("https://user:s3/cret@example.com/x", "https://example.com/x"),
        ("https://user:s3?cret@example.com/x", "https://example.com/x"),
        ("github.com/o/r?token=s3cret", "github.com/o/r"),
        ("github.com?token=s3cret", "github.com"),
        ("https://example.com/https://s3cret@example.org/x", "https://example.org/x"),
        (f"docker.io/library/alpine:3@sha256:{'a' * 64}", f"docker.io/library/alpine:3@sha256:{'a' * 64}"),
        (f"user:s3cret@reg.example/a@sha256:{'a' * 64}", f"reg.example/a@sha256:{'a' * 64}"),
        ("C# tools, and what for?", "C# tools, and what for?"),
    ],
)
def test_labels_without_logins(value: str, kept: str) -> None:
    assert labels({"org.opencontainers.image.source": value}) == {"org.opencontainers.image.source": kept}


def test_arguments_of_an_entrypoint_are_not_told() -> None:
    def command(entrypoint: list[str] | None, cmd: list[str]) -> str:
        return read(as_json({"config": {"Entrypoint": entrypoint, "Cmd": cmd, "Env": ["A=b", "s3cret"]}})).command

    assert command(["/app"], ["s3cret"]) == ""
    assert command(["/tini"], ["/bin/bash"]) == "/bin/bash"
    assert command(None, ["/app"]) == "/app"
    assert read(as_json({"config": {"Env": ["A=b", "s3cret"]}})).environment == ("A",)


def test_a_domain_has_its_time() -> None:
    clock = FakeClock()
    budgets = Budgets(clock, run=1e9)
    ends = budgets.begin()
    budgets.expect("one.slow.example", 1)
    budgets.expect("other.slow.example:5000", 1)
    budgets.expect("quick.example", 1)
    taken = []
    for number in range(100):
        with budgets.image(("one.slow.example", "other.slow.example:5000")[number % 2], ends) as allowed:
            taken.append(allowed)
            clock.sleep(allowed.seconds)
    assert taken[0].seconds == 120
    assert taken[-1].seconds == 0
    assert "slow.example has had" in taken[-1].over
    assert 600 * 16 <= sum(allowed.seconds for allowed in taken) <= 602 * 16, "ten minutes of all threads"
    with budgets.image("quick.example", ends) as allowed:
        assert allowed.seconds == 120


def test_a_run_has_its_time() -> None:
    clock = FakeClock()
    budgets = Budgets(clock, run=600)
    ends = budgets.begin()
    for number in range(10):
        budgets.expect(f"reg.domain-{number}.example", 1)
        with budgets.image(f"reg.domain-{number}.example", ends) as allowed:
            assert allowed.seconds == (120 if number < 5 else 0)
            clock.sleep(allowed.seconds)
    assert "10 minutes" in allowed.over


@pytest.mark.parametrize(
    ("registry", "account"),
    [
        ("docker.io", "docker.io"),
        ("a.evil.example:5000", "evil.example"),
        ("x.Evil.example", "evil.example"),
        ("evil.co.uk", "evil.co.uk"),
        ("a.duckdns.org", "duckdns.org"),
        ("registry", "registry"),
        ("registry:5000", "registry"),
        ("10.1.2.3:5000", "10.1.2.0/24"),
        ("[2001:db8::1]:5000", "2001:db8::/48"),
        ("[2001:db8:0:9::1]", "2001:db8::/48"),
        ("999.1.2.3", "999.1.2.3"),
        ("", ""),
    ],
)
def test_on_whose_account_time_goes(registry: str, account: str) -> None:
    assert payer(registry) == account


def test_turns_go_to_what_answers() -> None:
    """One tenant names slow hosts of a hundred domains, another a quick registry."""
    clock = FakeClock()
    turns: Turns[str] = Turns(4, clock)
    slow = [(("evil", f"{number}.example", f"{number}.example"), "slow") for number in range(100)]
    quick = [(("shop", "reg.example", "reg.example"), "quick") for _ in range(100)]
    single = [(("cart", "other.example", "other.example"), "single")]
    assert turns.put([*slow, *quick, *single]) == 201
    order = []
    for _ in range(201):
        with turns.next() as kind:
            order.append(kind)
            clock.sleep(120 if kind == "slow" else 0.3)
    assert order[:102].count("slow") == 1
    with pytest.raises(LookupError), turns.next():
        pass


def test_what_much_is_named_of_is_tried_first() -> None:
    """Within one namespace, where somebody names a thousand domains once each, and others a registry of theirs."""
    clock = FakeClock()
    turns: Turns[str] = Turns(4, clock)
    slow = [(("", f"{number}.example", f"{number}.example"), "slow") for number in range(1000)]
    own = [(("", "corp.example", f"reg-{number % 2}.corp.example"), "own") for number in range(40)]
    turns.put([*slow, *own])
    for _ in range(40):
        with turns.next() as kind:
            assert kind == "own"
            clock.sleep(5)


def test_turns_at_the_same_time_go_to_different_hosts() -> None:
    clock = FakeClock()
    turns: Turns[str] = Turns(4, clock)
    turns.put(((("", "reg.example", f"{name}.reg.example"), name)) for name in "aaabbbccc")
    with ExitStack() as at_once:
        assert sorted(at_once.enter_context(turns.next()) for _ in range(3)) == ["a", "b", "c"]


def test_turns_beyond_what_a_registry_takes_go_to_others() -> None:
    """The quick one of many images does not keep threads that could do nothing for it but wait, whoever names it."""
    clock = FakeClock()
    turns: Turns[str] = Turns(4, clock)

    def name(count: int) -> None:
        turns.put(((namespace, "corp.example", "reg.corp.example"), "quick") for namespace in "ab" * count)

    name(3)
    for _ in range(6):
        with turns.next():
            clock.sleep(0.3)
    name(50)
    turns.put((("other", f"{number}.example", f"{number}.example"), "unknown") for number in range(9))
    with ExitStack() as at_once:
        taken = [at_once.enter_context(turns.next()) for _ in range(16)]
    assert taken == ["quick"] * 4 + ["unknown"] * 9 + ["quick"] * 3


def test_addresses_ask_no_resolver() -> None:
    def never(name: str, port: int) -> list[Found]:
        raise AssertionError(name)

    for written in ("127.0.0.1", "0x7f.1", "127.1", "2130706433"):
        assert look_up(written, 80, 0.0, never)[0][4][0] == "127.0.0.1"
    assert look_up("::1", 80, 0.0, never)[0][4][0] == "::1"
    assert {found[4][0] for found in look_up("localhost", 80, 9.0)} <= {"127.0.0.1", "::1"}
    with pytest.raises(socket.gaierror):
        look_up("a" * 64 + ".example", 80, 9.0)


def test_a_resolver_that_hangs_is_left_behind() -> None:
    """However many hang, each is waited for no longer, and those that come after it are told the same."""
    release, ended = threading.Event(), threading.Semaphore(0)

    def hangs(name: str, port: int) -> list[Found]:
        release.wait(60)
        ended.release()
        return []

    for _ in range(260):
        with pytest.raises(TimeoutError):
            look_up("slow.example", 80, 0.001, hangs)
    release.set()
    for _ in range(256):
        assert ended.acquire(timeout=60)
    assert look_up("late.example", 80, 9.0, lambda name, port: []) == []
