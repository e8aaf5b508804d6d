"""What is read of a pull secret, what the kubelet would reject, and that nothing secret is left in it."""

import base64
import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.credentials import DOCKERCFG, DOCKERCONFIGJSON, AuthEntry, SecretContent, read_secret
from auditor.dockerconfig import read_config
from auditor.statedexpiry import stated_expiry


def encoded(text: str, *, padding: bool = True) -> str:
    value = base64.b64encode(text.encode()).decode()
    return value if padding else value.rstrip("=")


def segment(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def jwt(**claims: object) -> str:
    return f"{segment({'alg': 'RS256'})}.{segment(claims)}.c2lnbmF0dXJl"


def read(content: object, type_: str = DOCKERCONFIGJSON) -> SecretContent:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_secret(type_, {".dockerconfigjson" if type_ == DOCKERCONFIGJSON else ".dockercfg": raw})[0]


def entry(login: object) -> AuthEntry:
    (only,) = read({"auths": {"quay.io": login}}).entries
    return only


def test_both_types() -> None:
    login = {"auth": encoded("me:pw")}
    expected = SecretContent((AuthEntry("quay.io"), AuthEntry("docker.io")))
    assert read({"auths": {"quay.io": login, "docker.io": login}}) == expected
    assert read({"quay.io": login, "docker.io": login}, DOCKERCFG) == expected


@pytest.mark.parametrize(
    ("type_", "data", "reason"),
    [
        ("Opaque", {".dockerconfigjson": b'{"auths":{"quay.io":{"auth":"bTpw"}}}'}, "type"),
        ("", {}, "type"),
        (DOCKERCONFIGJSON, {".dockercfg": b'{"quay.io":{"auth":"bTpw"}}'}, "no data under .dockerconfigjson"),
        (DOCKERCFG, {}, "no data under .dockercfg"),
        (DOCKERCFG, {".dockercfg": b""}, "empty"),
        (DOCKERCONFIGJSON, {".dockerconfigjson": b'{"quay.io":{"auth":"bTpw"}}'}, "dockercfg secret"),
        (DOCKERCFG, {".dockercfg": b'{"auths":{"quay.io":{"auth":"bTpw"}}}'}, "dockerconfigjson secret"),
        (DOCKERCONFIGJSON, {".dockerconfigjson": b"{}"}, "no auths"),
        (DOCKERCONFIGJSON, {".dockerconfigjson": b"null"}, "no auths"),
        (DOCKERCONFIGJSON, {".dockerconfigjson": b'{"auths":{}}'}, "no registry"),
        (DOCKERCONFIGJSON, {".dockerconfigjson": b'{"credsStore":"ecr-login"}'}, "no auths"),
        (DOCKERCFG, {".dockercfg": b"{}"}, "no registry"),
    ],
)
def test_ignored_or_empty(type_: str, data: dict[str, bytes | None], reason: str) -> None:
    content, fingerprints = read_secret(type_, data)
    assert (content.entries, content.rejected, fingerprints) == ((), None, ())
    assert reason in str(content.unusable)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"{", "not valid JSON"),
        (b"\xef\xbb\xbf{}", "not valid JSON"),
        (b'{"auths":{}} x', "not valid JSON"),
        (b'{"auths":NaN}', "not valid JSON"),
        (base64.b64encode(b'{"auths":{"quay.io":{}}}'), "encoded twice"),
        (b'{"x":' * 100_000, "nested too deeply"),
        (b"[]", "not a JSON object"),
        (b'"x"', "not a JSON object"),
        (b'{"auths":[]}', "auths is not an object"),
        (b'{"auths":{"quay.io":"x"}}', "entry is not an object"),
        (b'{"auths":{"quay.io":[]}}', "entry is not an object"),
        (b'{"auths":{"quay.io":{"password":1}}}', "password is not a string"),
        (b'{"auths":{"quay.io":{"EMAIL":true}}}', "email is not a string"),
        (b'{"auths":{"quay.io":{"auth":{}}}}', "auth is not a string"),
        (b'{"auths":{"quay.io":{"auth":"YWI"}}}', "no colon"),
        (b'{"auths":{"quay.io":{"auth":"\\n"}}}', "no colon"),
        (b'{"auths":{"quay.io":{"auth":"YTpi "}}}', "base64"),
        (b'{"auths":{"quay.io":{"auth":"YTo_-"}}}', "base64"),
        (b'{"auths":{"quay.io":{"auth":"YTpiYg="}}}', "base64"),
        (b'{"auths":{"quay.io":{"auth":"YTpi="}}}', "base64"),
        (b'{"auths":{"quay.io":{"auth":"YTpiY"}}}', "base64"),
        (b'{"auths":{"good.io":{"auth":"YTpi"},"quay.io":{"auth":"!"}}}', "registry 2"),
        (b'{"auths":{"quay.io":{"auth":"!"},"quay.io":{"auth":"YTpi"}}}', "registry 1"),
        (b'{"auths":{},"HttpHeaders":{"X":1}}', "HttpHeaders"),
        (b'{"auths":{},"httpheaders":[]}', "HttpHeaders"),
    ],
)
def test_rejected(raw: bytes, reason: str) -> None:
    content = read(raw)
    assert reason in str(content.rejected)
    assert content.unusable is None


def test_data_that_is_not_base64_is_rejected() -> None:
    assert "base64" in str(read_secret(DOCKERCFG, {".dockercfg": None})[0].rejected)


def test_entries_of_a_rejected_secret_are_listed_with_what_is_wrong() -> None:
    content = read({"auths": {"good.io": {"auth": encoded("a:b")}, "bad.io": {"auth": "!"}}})
    assert [(entry.key, entry.problem) for entry in content.entries] == [
        ("good.io", None),
        ("bad.io", "its auth is not standard base64"),
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b'{"AUTHS":{"quay.io":{"Username":"a","PASSWORD":"b"}}}',
        '{"authſ":{"quay.io":{"Uſername":"a","password":"b"}}}'.encode(),
        b'{"auths":{"quay.io":{"username":"a","username":null,"password":"b"}}}',
        b'{"auths":{"quay.io":{"auth":"x"}},"auths":null,"Auths":{"quay.io":{"auth":"YTpi"}}}'.replace(
            b'"x"', b'"YTpj"'
        ),
        b'{"auths":{"quay.io":{}},"auths":{"quay.io":{"auth":"YTpi"}}}',
        b'{"auths":{"quay.io":{"auth":"YT\\npi\\r\\n"}}}',
        b'{"auths":{"quay.io":{"auth":"YTpi","username":"other","password":"other"}}}',
        b'{"auths":{"quay.io":{"auth":"","username":"a","password":"b"}}}',
        b'{"auths":{"quay.io":{"auth":"YTpi","identitytoken":5,"x":[{"y":1e999}]}},"HttpHeaders":{"X":null}}',
        b'{"auths":{"quay.io":{"auth":"YTpi"}},"n":' + b"9" * 5000 + b"}",
        b'{"auths":{"quay.io":{"auth":"YTpi"}},"httpHeaders":null}',
        b' \r\n\t{"auths":{"quay.io":{"auth":"YTpi"}}}\n',
    ],
)
def test_accepted_as_go_accepts_it(raw: bytes) -> None:
    plain = read_secret(DOCKERCONFIGJSON, {".dockerconfigjson": b'{"auths":{"quay.io":{"auth":"YTpi"}}}'})
    assert read_secret(DOCKERCONFIGJSON, {".dockerconfigjson": raw}) == plain


def test_duplicate_auths_are_merged_and_the_last_of_one_registry_wins() -> None:
    raw = b'{"auths":{"a.io":{"auth":"YTpi"},"b.io":{}},"Auths":{"b.io":{"auth":"YTpi"}}}'
    content, fingerprints = read_secret(DOCKERCONFIGJSON, {".dockerconfigjson": raw})
    assert [entry.key for entry in content.entries] == ["a.io", "b.io"]
    assert fingerprints[0] == fingerprints[1] != b""


def test_a_registry_named_auths_beside_others_is_a_registry() -> None:
    content = read({"auths": {}, "quay.io": {"auth": encoded("a:b")}}, DOCKERCFG)
    assert [(entry.key, entry.problem is None) for entry in content.entries] == [("auths", False), ("quay.io", True)]


@pytest.mark.parametrize(
    ("login", "kind", "problem"),
    [
        ({"username": "a", "password": "b"}, "basic", None),
        ({"auth": encoded("a:b:c:d")}, "basic", None),
        ({"auth": encoded("aa:bbb", padding=False)}, "basic", None),
        ({"auth": encoded("AWS:token")}, "aws", None),
        ({"auth": encoded("oauth2accesstoken:ya29")}, "oauth2accesstoken", None),
        ({"auth": encoded("_json_key:{}")}, "json-key", None),
        ({"auth": encoded("_json_key_base64:e30=")}, "json-key", None),
        ({"auth": encoded("AKIAIOSFODNN7EXAMPLE:x")}, "access-key", None),
        ({"auth": encoded("ASIAIOSFODNN7EXAMPLE:x")}, "access-key", None),
        ({"auth": encoded("aws:x")}, "basic", None),
        ({}, "empty", "no credential"),
        (None, "empty", "no credential"),
        ({"identitytoken": "t"}, "token-only", "drops"),
        ({"registrytoken": "t"}, "token-only", "drops"),
        ({"auth": encoded("00000000-0000-0000-0000-000000000000:"), "identitytoken": "t"}, "token-only", "drops"),
        ({"auth": encoded("a:b"), "identitytoken": "t"}, "basic", None),
        ({"username": "a"}, "basic", "no password"),
        ({"password": "a"}, "basic", "no user name"),
        ({"auth": "!"}, "basic", "base64"),
    ],
)
def test_kinds_and_problems(login: object, kind: str, problem: str | None) -> None:
    read = entry(login)
    assert read.kind == kind
    assert (read.problem is None) if problem is None else (problem in str(read.problem))


def test_keys_are_redacted_and_judged() -> None:
    content = read({"auths": {"https://me:pw@quay.io/v2/?x#y": {"auth": encoded("a:b")}, "ftp://x": {"auth": "YTpi"}}})
    assert [entry.key for entry in content.entries] == ["https://quay.io/v2/", "ftp://x"]
    assert content.entries[0].problem is None
    assert "scheme" in str(content.entries[1].problem)


@pytest.mark.parametrize(
    ("login", "expires_at"),
    [
        ({"username": "sa", "password": jwt(exp=1800000000)}, "2027-01-15T08:00:00Z"),
        ({"auth": encoded("sa:" + jwt(exp=1800000000.9))}, "2027-01-15T08:00:00Z"),
        ({"identitytoken": jwt(exp=1800000000)}, "2027-01-15T08:00:00Z"),
        ({"registrytoken": jwt(exp=0)}, "1970-01-01T00:00:00Z"),
        ({"auth": encoded("0-0:"), "identitytoken": jwt(exp=1800000000)}, "2027-01-15T08:00:00Z"),
        ({"auth": encoded("me:opaque"), "identitytoken": jwt(exp=1800000000)}, None),
        ({"auth": encoded("AWS:" + encoded('{"payload":"p","expiration":1800000000}'))}, "2027-01-15T08:00:00Z"),
        ({"auth": encoded("AWS:" + encoded('{"expiration":1800000000}'))}, None),
        ({"username": "sa", "password": jwt()}, None),
        ({"username": "sa", "password": "opaque"}, None),
    ],
)
def test_expiry_that_the_credential_states(login: object, expires_at: str | None) -> None:
    assert entry(login).expires_at == expires_at


@pytest.mark.parametrize("exp", [None, True, "1800000000", -1, 1e300, float("inf"), float("nan"), [], {}])
def test_expiry_that_is_no_time(exp: object) -> None:
    assert stated_expiry(jwt(exp=exp)) is None


def test_expiry_of_more_digits_than_a_number_may_have() -> None:
    payload = base64.urlsafe_b64encode(b'{"exp":' + b"9" * 5000 + b"}").decode().rstrip("=")
    assert stated_expiry(f"{segment({'alg': 'x'})}.{payload}.") is None


def test_expiry_of_a_token_too_long_to_be_one() -> None:
    assert stated_expiry(jwt(exp=1800000000, pad="x" * 70_000)) is None


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", fullmatch=True))
def test_expiry_never_raises(token: str) -> None:
    assert stated_expiry(token) is None


def test_what_is_decoded_shows_no_value_when_printed() -> None:
    config = read_config(b'{"quay.io":{"auth":"YWxpY2U6aHVudGVyMg=="}}', flat=True)
    assert config.logins["quay.io"].password == b"hunter2"
    assert "hunter2" not in repr(config)
    assert "alice" not in repr(config)


def test_fingerprints_tell_equal_credentials_and_nothing_else() -> None:
    logins: dict[str, dict[str, str]] = {
        "a.io": {"auth": encoded("user:secret")},
        "b.io": {"username": "user", "password": "secret", "email": "x"},
        "c.io": {"username": "users", "password": "ecret"},
        "d.io": {},
        "e.io": {"username": "user"},
        "f.io": {"identitytoken": "t"},
        "g.io": {"auth": encoded("user:"), "identitytoken": "t"},
        "h.io": {"auth": encoded("user:secret"), "identitytoken": "t"},
    }
    _, found = read_secret(DOCKERCONFIGJSON, {".dockerconfigjson": json.dumps({"auths": logins}).encode()})
    by_host = dict(zip(logins, found, strict=True))
    assert by_host["a.io"] == by_host["b.io"] == by_host["h.io"]
    assert by_host["d.io"] == by_host["e.io"] == b""
    assert len({by_host[host] for host in ("a.io", "c.io", "d.io", "f.io", "g.io")}) == 5


def test_content_survives_a_snapshot() -> None:
    content = read({"auths": {"\ud800.io": {"auth": encoded("a:b")}, "quay.io": {"password": jwt(exp=1800000000)}}})
    assert msgspec.json.decode(msgspec.json.encode(content), type=SecretContent) == content


# Values that cannot turn up by chance in keys, reasons or kinds.
SECRETS = st.from_regex(r"[ΑΒΓΔΕΖΗΘ]{6,12}", fullmatch=True)
VALUES = SECRETS | SECRETS.map(lambda text: encoded(f"u:{text}")) | SECRETS.map(encoded)
LOGINS = st.dictionaries(
    st.sampled_from(["username", "password", "auth", "Auth", "identitytoken", "registrytoken", "email", "other"]),
    VALUES | st.lists(VALUES, max_size=1) | st.none() | st.integers(),
)
HOSTS = st.sampled_from(["quay.io", "docker.io", "u:{}@quay.io", "https://{}@quay.io/x", "quay.io?{}", "u:{} @x.io#{}"])


@given(st.lists(st.tuples(HOSTS, VALUES, LOGINS | VALUES), max_size=3), st.booleans(), st.integers(0, 400))
def test_no_secret_value_is_left(members: list[tuple[str, str, Any]], flat: bool, cut: int) -> None:
    logins = {host.replace("{}", secret): login for host, secret, login in members}
    whole = json.dumps(logins if flat else {"auths": logins}, ensure_ascii=False)
    for text in (whole, whole[:cut]):
        raw = text.encode()
        data = {".dockerconfigjson": raw, ".dockercfg": raw}
        shown = repr(read_secret(DOCKERCFG if flat else DOCKERCONFIGJSON, data)[0])
        values = {secret for _, secret, _ in members}
        for _, _, login in members:
            values |= {login} if isinstance(login, str) else {str(value) for value in login.values()}
        assert [value for value in values if len(value) >= 6 and value in shown] == []
        # Nor the text within an encoded value, nor any part of it.
        assert re.search("[Α-Θ]", shown) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["auths", "auth", "username", "quay.io"]) | st.text(), inner, max_size=3)
    ),
)


@given(
    JSON.map(lambda content: json.dumps(content).encode()) | st.binary(), st.sampled_from([DOCKERCFG, DOCKERCONFIGJSON])
)
def test_reading_never_raises(raw: bytes, type_: str) -> None:
    content, fingerprints = read_secret(type_, {".dockerconfigjson": raw, ".dockercfg": raw})
    assert len(fingerprints) == len(content.entries)
    assert content.entries or content.rejected or content.unusable
    msgspec.json.encode(content)
