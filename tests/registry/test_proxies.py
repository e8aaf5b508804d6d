"""Registries through a proxy: which one, what it is told, and where it is not asked to go."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import run
from auditor.errors import UsageError
from auditor.registry.addresses import Endpoint
from auditor.registry.login import Credential
from auditor.registry.names import Found, look_up
from auditor.registry.proxies import Proxies, proxies
from tests.registry.artifacts import Built, as_json
from tests.registry.asking import Fixed, all_here, asker
from tests.registry.loopback import Asked, Loopback, Reply, basic, loopback
from tests.registry.proxying import proxying
from tests.sources.certificates import Authority

PROXY = "http://proxy.example:3128"


def unknown(name: str, port: int, seconds: float) -> list[Found]:
    """As in a network where only the proxy knows the names of the internet."""
    if name == "127.0.0.1" or name[0].isdigit() or ":" in name:
        return look_up(name, port, seconds)
    raise socket.gaierror(socket.EAI_NONAME, "not known")


def at(url: str) -> Endpoint:
    scheme, _, rest = url.partition("://")
    host, _, port = rest.rpartition(":")
    return Endpoint(scheme, host, int(port))


@pytest.mark.parametrize(
    ("no_proxy", "url", "proxied"),
    [
        ("", "https://reg.example:443", True),
        ("*", "https://reg.example:443", False),
        ("reg.example", "https://reg.example:443", False),
        ("REG.example", "https://reg.example:443", False),
        ("example", "https://reg.example:443", False),
        (".example", "https://reg.example:443", False),
        ("*.example", "https://reg.example:443", False),
        (".reg.example", "https://reg.example:443", True),
        ("g.example", "https://reg.example:443", True),
        (" other.example , reg.example:5000 ", "https://reg.example:5000", False),
        ("reg.example:5000", "https://reg.example:443", True),
        ("10.0.0.0/8", "https://10.1.2.3:443", False),
        ("10.0.0.0/8", "https://11.1.2.3:443", True),
        ("10.1.2.3", "https://10.1.2.3:5000", False),
        ("10.1.2.3:443", "https://10.1.2.3:5000", True),
        ("2001:db8::/32", "https://[2001:db8::1]:443", False),
        ("[2001:db8::1]:5000", "https://[2001:db8::1]:5000", False),
        ("2001:db8::1", "https://[2001:db8::2]:443", True),
        ("", "https://localhost:443", False),
        ("", "https://127.0.0.1:443", False),
        ("", "https://[::1]:443", False),
    ],
)
def test_what_goes_through_it(no_proxy: str, url: str, proxied: bool) -> None:
    found = proxies(PROXY, {"NO_PROXY": no_proxy}).of(at(url))
    assert (found is not None) is proxied
    assert (proxies("env", {"https_proxy": PROXY, "no_proxy": no_proxy}).of(at(url)) is not None) is proxied


def test_which_one() -> None:
    both = proxies("env", {"HTTPS_PROXY": "user:p%40ss@one:3128", "http_proxy": "http://two"})
    tls, plain = both.of(at("https://reg.example:443")), both.of(at("http://reg.example:80"))
    assert tls is not None
    assert plain is not None
    assert (tls.at, tls.authorization) == (Endpoint("http", "one", 3128), basic("user", "p@ss"))
    assert (plain.at, plain.authorization) == (Endpoint("http", "two", 80), "")
    assert proxies("env", {"HTTP_PROXY": PROXY}).of(at("https://reg.example:443")) is None
    assert proxies(None, {"HTTPS_PROXY": PROXY}) == Proxies(), "only where it is asked for"
    assert "p@ss" not in repr(both)
    assert tls.authorization not in repr(both)


@pytest.mark.parametrize(
    ("said", "environment"),
    [
        ("env", {}),
        ("env", {"HTTPS_PROXY": "socks5://user:s3cret@proxy:1080"}),
        ("env", {"HTTPS_PROXY": "https://user:s3cret@proxy"}),
        ("env", {"HTTPS_PROXY": "http://user:s3cret@"}),
        ("env", {"HTTPS_PROXY": "http://user:s3cret@[proxy"}),
        ("env", {"HTTPS_PROXY": "http://user:s3cret@proxy/path"}),
        ("env", {"HTTPS_PROXY": "http://user:s3cret@proxy:port"}),
        ("http://user:s3cret@proxy:3128", {}),
        ("", {}),
        ("proxy example", {}),
    ],
)
def test_what_is_no_proxy(said: str, environment: dict[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        proxies(said, environment)
    assert "s3cret" not in f"{caught.value} {caught.value.advice}"


def test_a_registry_that_only_the_proxy_reaches(tmp_path: Path) -> None:
    """Its certificate is that of its name, and the proxy sees neither login nor path."""
    authority = Authority(tmp_path)
    login = Credential("a file", b"user", b"s3cret", tls_only=True)
    with loopback(authority.server("reg.example")) as registry, proxying(basic("me", "pass")) as proxy:
        guard(registry, login)
        registry.put("a", Built(user="app").image(), "1")
        way = proxies("env", {"HTTPS_PROXY": proxy.url.replace("//", "//me:pass@")})
        given: dict[str, Any] = {"ca": authority.path, "credentials": Fixed(login), "look_up": unknown}
        with asker(**given, proxies=way) as run:
            row = run.image(f"reg.example:{registry.port}/a:1")
        assert row.unavailable is None
        assert [platform.user for platform in row.platforms] == ["app"]
        assert set(proxy.asked) == {f"CONNECT reg.example:{registry.port}"}
        assert not any("s3cret" in head or login.basic in head for head in proxy.heads)
        assert not any("Proxy-Authorization" in asked.headers for asked in registry.asked)


def guard(registry: Loopback, login: Credential) -> None:
    def guarded(asked: Asked) -> Reply | None:
        if asked.path == "/token":
            return Reply(200, as_json({"token": "good"})) if asked.authorization == login.basic else Reply(401)
        challenge = f'Bearer realm="https://reg.example:{registry.port}/token"'
        return None if asked.authorization == "Bearer good" else Reply(401, headers={"WWW-Authenticate": challenge})

    registry.first = guarded


def test_http_goes_by_whole_addresses() -> None:
    with loopback() as registry, proxying(basic("me", "pass")) as proxy:
        registry.put("a", Built(user="app").image(), "1")
        way = proxies("env", {"HTTP_PROXY": proxy.url.replace("//", "//me:pass@")})
        name = f"reg.example:{registry.port}"
        with asker(name, look_up=unknown, proxies=way) as run:
            assert run.image(f"{name}/a:1").unavailable is None
        assert f"HEAD http://{name}/v2/a/manifests/1" in proxy.asked
        assert {asked.headers["Host"] for asked in registry.asked} == {name}
        assert not any("Proxy-Authorization" in asked.headers for asked in registry.asked)


@pytest.mark.parametrize(("answers", "said"), [(0, "407"), (403, "403"), (502, "502")])
def test_a_proxy_that_does_not_connect(answers: int, said: str) -> None:
    with proxying("" if answers else basic("me", "other")) as proxy:
        proxy.answers = answers
        way = proxies("env", {"HTTPS_PROXY": proxy.url.replace("//", "//me:s3cret@")})
        with asker(look_up=unknown, proxies=way) as run:
            row = run.image("reg.example/a:1")
    assert row.unavailable is not None
    assert row.unavailable.kind == "unreachable"
    assert said in row.unavailable.detail
    assert f"127.0.0.1:{proxy.port}" in row.unavailable.detail
    assert "s3cret" not in row.unavailable.detail


def test_a_proxy_that_is_not_there() -> None:
    with proxying() as proxy:
        pass
    with asker(look_up=unknown, proxies=proxies(proxy.url, {})) as run:
        row = run.image("reg.example/a:1")
    assert row.unavailable is not None
    assert f"through the proxy 127.0.0.1:{proxy.port}) cannot be reached" in row.unavailable.detail


@pytest.mark.parametrize(
    "host", ["10.1.2.3", "169.254.169.254", "[fd00:ec2::254]", "0x0a.1.2.3", "100.100.100.200", "[::ffff:a01:203]"]
)
def test_it_is_not_asked_for_addresses_within(host: str) -> None:
    with proxying() as proxy, asker(look_up=unknown, allow=(), proxies=proxies(proxy.url, {})) as run:
        row = run.image(f"{host}/a:1")
        assert proxy.asked == []
    assert row.unavailable is not None
    assert row.unavailable.kind == "refused"


def test_it_is_not_asked_for_names_that_lead_within_from_here() -> None:
    """Unless the operator allows it. What has no address here, only the proxy can tell."""
    with proxying() as proxy:
        with asker(look_up=all_here, allow=(), proxies=proxies(proxy.url, {})) as run:
            row = run.image("within.example/a:1")
            assert proxy.asked == []
            assert row.unavailable is not None
            assert row.unavailable.kind == "refused"
        with asker(look_up=all_here, proxies=proxies(proxy.url, {})) as run:
            run.image("within.example:1/a:1")
            assert proxy.asked


def test_redirects_and_token_servers_are_looked_at_too(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with loopback(authority.server("reg.example")) as registry, proxying() as proxy:
        registry.first = lambda asked: Reply(307, headers={"Location": "https://169.254.169.254/latest/meta-data/"})
        with asker(ca=authority.path, look_up=unknown, allow=(), proxies=proxies(proxy.url, {})) as run:
            row = run.image(f"reg.example:{registry.port}/a:1")
        assert set(proxy.asked) == {f"CONNECT reg.example:{registry.port}"}
    assert row.unavailable is not None
    assert row.unavailable.kind == "refused"


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The environment's proxy is used where it is asked for; its password is in nothing that is said."""
    authority = Authority(tmp_path)
    spec = {"template": {"spec": {"containers": [{"name": "web", "image": "reg.invalid:5/a:1"}]}}}
    source = tmp_path / "web.json"
    source.write_text(
        json.dumps({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec})
    )
    with loopback(authority.server("reg.invalid")) as registry, proxying(basic("me", "s3cret")) as proxy:
        registry.put("a", Built().image(), "1")
        source.write_text(source.read_text().replace(":5/", f":{registry.port}/"))
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:s3cret@127.0.0.1:{proxy.port}")
        arguments = ["snapshot", "-o", str(tmp_path / "snapshot.json"), "--from", str(source), "--registry"]
        arguments += ["--no-registry-cache", "--registry-ca", str(authority.path)]
        assert run([*arguments, "--registry-proxy", "env"]) == 0
        assert proxy.asked
        assert not any(asked.headers.get("Proxy-Authorization") for asked in registry.asked)
        kept = (tmp_path / "snapshot.json").read_text()
        assert "unavailable" not in kept
        asked = len(proxy.asked)
        assert run(arguments) == 0
        assert len(proxy.asked) == asked
    assert "s3cret" not in kept + "".join(capsys.readouterr())
