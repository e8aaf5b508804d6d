"""The parts of the registry client that are functions of values: addresses, history, settings, the cache."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from auditor.errors import UsageError
from auditor.image import parse
from auditor.registry.addresses import Endpoint, sources, split
from auditor.registry.cache import Cache
from auditor.registry.history import step
from auditor.registry.reach import Reach
from auditor.registry.settings import settings
from auditor.registry.trust import Trust
from tests.registry.artifacts import digest_of


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
    assert said.refusal("reg.corp", "192.168.1.1") is None
    assert said.refusal("reg.corp", "127.0.0.1") is None
    assert said.refusal("reg.corp", "169.254.169.254") == "link-local or metadata"
    assert said.refusal("other.corp", "192.168.1.1") == "private"
    assert said.refusal("other.corp", "10.1.2.3") is None
    assert said.refusal("other.corp", "::ffff:10.1.2.3") is None
    assert said.refusal("::1", "::1") is None
    assert Reach().refusal("x", "93.184.216.34") is None
    assert Reach().refusal("x", "2606:2800:220:1::1") is None
    assert Reach().refusal("x", "64:ff9b::5db8:d822") is None
    assert Reach().refusal("x", "fe80::1%eth0") == "link-local or metadata"


@pytest.mark.parametrize(
    ("text", "instruction", "programs"),
    [
        ("RUN /bin/sh -c apt-get update && apt-get install -y curl # buildkit", "RUN", ("sh", "apt-get")),
        ("/bin/sh -c apk add --no-cache git; rm -rf /x", "RUN", ("sh", "apk", "rm")),
        ("/bin/sh -c set -eux; if ! command -v gpg > /dev/null; then apt-get update; fi", "RUN",
         ("sh", "set", "apt-get")),
        ('/bin/sh -c #(nop)  CMD ["/bin/bash"]', "CMD", ()),
        ("/bin/sh -c #(nop) ADD file:abc in / ", "ADD", ()),
        ("RUN |2 TOKEN=a b c X=y /bin/bash -o pipefail -c curl https://x | tar x # buildkit", "RUN",
         ("bash", "curl", "tar")),
        ("|1 TOKEN=secret pip install", "RUN", ()),
        ("/bin/sh -c A=secret B='x y' /usr/bin/make install", "RUN", ("sh", "make")),
        ('/bin/sh -c echo "a && secret" | base64', "RUN", ("sh", "echo", "base64")),
        ("/bin/sh -c (cd /x && ./configure) || exit 1", "RUN", ("sh", "cd", "configure", "exit")),
        ("/bin/sh -c unbalanced 'quote", "RUN", ("sh", "unbalanced")),
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


def test_history_of_very_long_steps() -> None:
    made = step("/bin/sh -c " + "a && " * 100_000, None, empty=False)
    assert made.programs == ("sh", "a")


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


def test_a_cache_that_others_may_write_to_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    said: list[str] = []
    cache = Cache(folder, said.append)
    cache.keep_content(digest_of(b"x"), b"x")
    assert cache.content(digest_of(b"x")) is None
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
