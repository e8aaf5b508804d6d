"""Auths keys against images: the kubelet's recorded answers, the order of trial, redacted and useless keys."""

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auditor.goglob import match
from auditor.image import Reference, parse
from auditor.keyproblem import is_docker_hub_lookalike, key_problem
from auditor.keyredaction import redact_key
from auditor.registrykey import is_docker_hub_key, is_glob, matches, parse_key, path_prefix_without_slash, serving

VECTORS = json.loads((Path(__file__).parents[1] / "fixtures/vectors/pull-credential-keys.json").read_bytes())["vectors"]
HUB = "https://index.docker.io/v1/"


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['key']} {vector['image']}"[:80])
def test_vectors(vector: dict[str, str | bool]) -> None:
    key, reference = str(vector["key"]), parse(str(vector["image"]))
    assert reference.name == vector["lookup"]
    assert serving([key], reference) == ((0,) if vector["match"] else ())
    assert serving([redact_key(key)], reference) == serving([key], reference)
    if vector["match"]:
        assert key_problem(key) is None


@pytest.mark.parametrize(
    ("key", "image", "served"),
    [
        ("https://user:pw@quay.io", "quay.io/org/app", True),
        ("index.docker.io", "localhost/app", True),
        ("index.docker.io", "EXAMPLE/app", True),
        ("index.docker.io", "localhost:5000/app", False),
        ("index.docker.io", "registry-1.docker.io/library/nginx", False),
        ("index.docker.io/myorg", "myorg/app", False),
        ("https://index.docker.io/v2/", "myorg/private", True),
        ("*.io", "nginx", True),
        ("*.docker.io", "nginx", False),
        ("*", "localhost/app", True),
        ("quay.io:", "quay.io/org/app", True),
        ("quay.io:443", "quay.io/org/app", False),
        ("reg.example.com:*", "reg.example.com:5000/app", False),
        ("*.*.example.com", "a.reg.example.com/app", True),
        ("quay.io/org/", "quay.io/org", False),
        ("quay.io/org", "quay.io/organization/app", True),
        ("quay.io/v2/org", "quay.io/org/app", True),
        ("quay.io/v1", "quay.io/v1/app", True),
        ("quay.io/v1/v1/", "quay.io/v1/app", True),
        ("quay.io/or%67", "quay.io/org/app", True),
        ("quay.io/org%23x", "quay.io/org/app", True),
        ("quay.io/org%2523x", "quay.io/org/app", False),
        ("quay.io/%zz", "quay.io/org/app", False),
        ("quay.io#%zz", "quay.io/org/app", False),
        ("quay.io?%zz", "quay.io/org/app", True),
        ("quay.io?\x01", "quay.io/org/app", False),
        ("quay.io#\x01", "quay.io/org/app", True),
        ("us er@quay.io", "quay.io/org/app", False),
        ("us@er:p@ss@quay.io", "quay.io/org/app", True),
        ("HTTPS://quay.io", "quay.io/org/app", False),
        ("[::1]", "[::1]/app", False),
        ("[::1]:5000", "[::1]:5000/app", True),
        ("[::A]", "A/app", True),
        ("[::1%25eth0]:5000", "[::1]:5000/app", False),
        ("[::1::]:5000", "[::1::]:5000/app", False),
        ("*:5000", "[::1::]:5000/app", False),
        ("reg_x.example.com", "reg_x.example.com/app", True),
        ("", "quay.io/org/app", False),
        ("\ud800", "quay.io/org/app", False),
    ],
)
def test_kubelet_behaviour(key: str, image: str, served: bool) -> None:
    reference = parse(image)
    assert (serving([key], reference) == (0,)) is served
    assert serving([redact_key(key)], reference) == serving([key], reference)


def test_more_specific_keys_are_tried_first_and_equal_ones_in_the_order_of_the_secrets() -> None:
    keys = ["*.io", "quay.io", "https://quay.io/v2/", "quay.io/org", "quay.io/other", "http://quay.io"]
    assert serving(keys, parse("quay.io/org/app")) == (3, 1, 2, 5, 0)


def test_docker_hub_key_is_a_fallback_only() -> None:
    nginx = parse("nginx")
    assert serving([HUB, "quay.io", "index.docker.io"], nginx) == (0, 2)
    assert serving([HUB, "docker.io"], nginx) == (1,)
    assert serving([HUB, "localhost"], parse("localhost/app")) == (1,)
    assert serving([], nginx) == ()
    key = parse_key(HUB)
    assert key is not None
    assert not matches(key, nginx)


def test_image_without_registry_is_no_docker_hub_image() -> None:
    assert serving([HUB, "docker.io"], parse("reg_x.example.com/app")) == ()


@pytest.mark.parametrize(
    ("key", "redacted"),
    [
        ("https://user:pw@host", "https://host"),
        ("user:pw@host/x?y#z", "host/x"),
        ("user@http://quay.io", "https://http://quay.io"),
        ("quay.io?token=pw", "quay.io"),
        ("quay.io#pw", "quay.io"),
        ("https://index.docker.io/v1/", "https://index.docker.io/v1/"),
        ("quay.io/org/app:v1", "quay.io/org/app:v1"),
        ("quay.io/app@sha256:0123abcd", "quay.io/app@sha256:0123abcd"),
        ("quay.io/org%23pw", "quay.io/org%23"),
        ("us er:pw@quay.io", "<redacted>@quay.io"),
        ("user:p/w@quay.io", "<redacted>@quay.io"),
        ("user:1/w@quay.io", "<redacted>@quay.io"),
        ("https://user:pw", "https://user:<redacted>"),
        ("quay.io:*/x", "quay.io:*/x"),
        ("quay.io?\x01", "<redacted>@quay.io"),
        (" quay.io", " quay.io"),
        ("https://user:p?w@quay.io/x", "https://<redacted>@"),
        ("https://user:1#w@quay.io/x", "https://<redacted>@"),
        ("user?w@quay.io", "<redacted>@"),
        ("john.doe:p?w@quay.io", "<redacted>@"),
        ("quay.io?mail=a@b", "quay.io"),
        ("localhost?mail=a@b", "localhost"),
    ],
)
def test_redaction(key: str, redacted: str) -> None:
    assert redact_key(key) == redacted
    assert redact_key(redacted) == redacted


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "empty"),
        ("https://index.docker.io/v1", "not Docker Hub's key"),
        ("index.docker.io/myorg", "not Docker Hub's key"),
        (" quay.io", "white space"),
        ("quay.io\n", "white space"),
        ("ftp://quay.io", "scheme"),
        ("HTTPS://quay.io", "scheme"),
        ("//quay.io", "scheme"),
        ("quay.io:abc", "port"),
        ("reg[12].example.com", "bracket"),
        ("[::1", "brackets"),
        ("[reg]", "IPv6"),
        ("[::1]", "IPv6 address without a port"),
        ("quay.io/%zz", "escape"),
        ("quay .io", "character in its host"),
        ("us er@quay.io", "user information"),
        ("quay\x00.io", "control"),
        ("quay.io.", "host"),
        ("bücher.example", "host"),
        ("/org", "no host"),
        ("myregistry", "without dot or port"),
        ("quay.io/org/*", "glob in its path"),
        ("quay.io/org/app:v1", "tag"),
        ("quay.io/Org", "path"),
        ("quay.io//org", "path"),
        ("quay.io/" + "a" * 300, "path"),
    ],
)
def test_keys_that_serve_nothing(key: str, reason: str) -> None:
    assert reason in str(key_problem(key))


@pytest.mark.parametrize(
    "key",
    [
        HUB,
        "docker.io/library/nginx",
        "quay.io?x ",
        "localhost",
        "EXAMPLE",
        "myregistry:5000",
        "*.io",
        "quay.io/v1",
        "quay.io/a__b-",
        "reg_x.example.com",
        "[::1]:5000",
        "registry-1.docker.io",
    ],
)
def test_keys_that_can_serve_something(key: str) -> None:
    assert key_problem(key) is None


@pytest.mark.parametrize(
    ("key", "lookalike"),
    [
        ("hub.docker.com", True),
        ("https://hub.docker.com/u/myorg", True),
        ("https://registry-1.docker.io", True),
        ("https://registry.hub.docker.com/v2/", True),
        ("https://index.docker.io/v1", True),
        ("index.docker.io/myorg", True),
        ("HTTPS://index.docker.io/v1/", True),
        ("DOCKER.IO", True),
        ("docker.io:443", True),
        (" docker.io ", True),
        ("docker.io.", True),
        ("docker", True),
        (HUB, False),
        ("index.docker.io", False),
        ("docker.io", False),
        ("docker.io/myorg", False),
        ("user:pw@docker.io", False),
        ("*.io", False),
        ("quay.io", False),
        ("docker.io.evil.example", False),
        ("", False),
    ],
)
def test_docker_hub_lookalikes(key: str, lookalike: bool) -> None:
    assert is_docker_hub_lookalike(key) is lookalike


def test_traits_of_keys() -> None:
    assert [key for key in ("*.io", "quay.io/*", "quay.io", "[::1]", "reg?.io") if is_glob(key)] == ["*.io"]
    prefixes = [
        key
        for key in ("quay.io", "quay.io/", "quay.io/v2/", "quay.io/org", "quay.io/org/", "quay.io/%zz")
        if path_prefix_without_slash(key)
    ]
    assert prefixes == ["quay.io/org"]
    others = ("docker.io", "index.docker.io/v1", "index.docker.io:443", "%")
    assert [key for key in (HUB, "index.docker.io", *others) if is_docker_hub_key(key)] == [HUB, "index.docker.io"]


@pytest.mark.parametrize(
    ("pattern", "name", "matched"),
    [
        ("", "", True),
        ("*", "", True),
        ("a*c*e", "abcde", True),
        ("a*c*e", "abcd", False),
        ("?b", "ab", True),
        ("?", "", False),
        ("[a-c]x", "bx", True),
        ("[^a-c]x", "bx", False),
        ("[^a-c]x", "dx", True),
        ("[]a]", "a", False),
        ("[a", "a", False),
        ("[-a]", "a", False),
        ("[a-]", "a", False),
        ("[\\-a]", "-", True),
        ("[[*]", "*", True),
        ("\\*", "*", True),
        ("\\*", "a", False),
        ("a\\", "a", False),
        ("[a\\", "a", False),
        ("é?", "éß", True),
        ("reg*", "REG1", False),
    ],
)
def test_go_globs(pattern: str, name: str, matched: bool) -> None:
    assert match(pattern, name) is matched


KEY_PARTS = st.sampled_from(
    "quay.io docker.io index.docker.io localhost org / /v1/ /v2/ // : :5000 * ?q #f user:pw@ user:p/w@ @ %23 %3F %zz"
    " %c3 http:// https:// [::1] é A \x01".split(" ")
)
KEYS = st.lists(KEY_PARTS, max_size=6).map("".join) | st.text()
IMAGES = st.sampled_from(
    ["nginx", "org/app", "quay.io/org/app", "quay.io/app", "localhost/org", "quay.io:5000/org", "A/org"]
).map(parse)


@given(st.lists(KEYS, max_size=4), IMAGES)
@example(["quay.io?q "], parse("quay.io/app"))
def test_redacted_keys_serve_what_the_originals_serve(keys: list[str], reference: Reference) -> None:
    # What has an `@` behind its query mark is taken for a password, at the price of a key that then serves nothing.
    keys = [key for key in keys if not re.search("[?#].*@", key, re.DOTALL)]
    redacted = [redact_key(key) for key in keys]
    served = serving(keys, reference)
    assert sorted(serving(redacted, reference)) == sorted(served)
    assert [redact_key(key) for key in redacted] == redacted
    assert [keys[index] for index in served if key_problem(keys[index])] == []


@given(KEYS, st.from_regex(r"[!-~]{6,20}", fullmatch=True))
def test_user_information_query_and_fragment_never_survive(key: str, secret: str) -> None:
    for text in (f"{secret}@{key}", f"https://me:{secret}@{key}", f"{key}?{secret}", f"http://{key}#{secret}"):
        if secret not in key and secret not in "https://<redacted>@":
            assert secret not in redact_key(text)


@pytest.mark.parametrize("unit", ["a", "a.", "a-.", "*a", "*", "@", ":", "%23", "/", "https://", "[", "?", "a.*"])
def test_hostile_length_is_linear(unit: str) -> None:
    key = unit * 30_000
    started = time.process_time()
    redact_key(key)
    key_problem(key)
    is_docker_hub_lookalike(key)
    serving([key, "*a*a*a*a*a*b.io"], parse("a" * 30_000 + ".io/app"))
    # Quadratic work would take ten seconds and more.
    assert time.process_time() - started < 1
