"""Image references against the vectors of distribution/reference, policy entries, and imageIDs."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.image import Entry, ImageID, MalformedReference, Reference, parse, parse_entry, parse_image_id

VECTORS = json.loads((Path(__file__).parents[1] / "fixtures/vectors/image-references.json").read_bytes())["vectors"]
HEX = "0123456789abcdef" * 4
DIGEST = f"sha256:{HEX}"


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: ascii(vector["ref"])[:60])
def test_vectors(vector: dict[str, str | bool | None]) -> None:
    text = str(vector["ref"])
    if not vector["valid"]:
        with pytest.raises(MalformedReference):
            parse(text)
        return
    reference = parse(text)
    seen = {
        "registry": reference.registry,
        "repository": reference.repository,
        "tag": reference.tag,
        "effective_tag": reference.effective_tag,
        "digest": reference.digest,
    }
    assert seen == {name: vector[name] for name in seen}


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("index.docker.io/nginx", "docker.io/library/nginx"),
        ("index.docker.io/library/nginx:1", "docker.io/library/nginx:1"),
        ("docker.io/library/foo/bar", "docker.io/library/foo/bar"),
        ("docker.io:443/nginx", "docker.io:443/nginx"),
        ("DOCKER.IO/nginx", "DOCKER.IO/nginx"),
        ("registry.hub.docker.com/nginx", "registry.hub.docker.com/nginx"),
        ("localhost", "docker.io/library/localhost"),
        ("localhost:5000", "docker.io/library/localhost:5000"),
        ("localhost:5000/foo", "localhost:5000/foo"),
        ("foo:5000/bar", "foo:5000/bar"),
        ("example.com:5000", "docker.io/library/example.com:5000"),
        ("EXAMPLE/app", "EXAMPLE/app"),
        (f"nginx:1.25@{DIGEST}", f"docker.io/library/nginx:1.25@{DIGEST}"),
        (DIGEST, f"docker.io/library/sha256:{HEX}"),
        ("nginx:" + "t" * 128, "docker.io/library/nginx:" + "t" * 128),
        ("a" * 247, "docker.io/library/" + "a" * 247),
        ("example.com/" + "a" * 255, "example.com/" + "a" * 255),
        ("h" * 300 + ".example/app", "h" * 300 + ".example/app"),
        ("[2001:db8::1]:5000/app:v1", "[2001:db8::1]:5000/app:v1"),
        ("reg.example.com:99999/app", "reg.example.com:99999/app"),
        ("reg_x.example.com/app", "reg_x.example.com/app"),
        ("xn--bcher-kva.example/app", "xn--bcher-kva.example/app"),
    ],
)
def test_normalisation(text: str, normalised: str) -> None:
    assert str(parse(text)) == normalised


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nginx\n",
        "nginx:1\n",
        "nginx ",
        "nginx:",
        f"nginx:@{DIGEST}",
        "nginx@sha256:" + "a" * 63,
        "nginx@md5:" + "a" * 32,
        f"nginx@{DIGEST}@{DIGEST}",
        "/nginx",
        "nginx/",
        "docker.io/",
        "docker.io//nginx",
        "oci://reg.io/foo",
        "a___b",
        "a..b",
        "a-",
        "_a",
        "nginx:.tag",
        "nginx:" + "t" * 129,
        "a" * 248,
        "example.com/" + "a" * 256,
        "reg_x.example.com/" + "a" * 240,
        "[fe80::1%eth0]:5000/app",
        "::1/app",
        "reg.example.com:/app",
        "reg-.example.com/app",
        "example.com./app",
        "ghcr.io/Org/app:v1",
        "quay.io/org/app:v1.0+build1",
        "app:$(TAG)",
        "{{ .Values.image }}",
        "busybox:1.36:1.37",
        "docker.io/_/nginx",
        "nginx:ünï",
        "nginx:１",
        "ſoo/bar",
        "foo\x00bar",
        "\ud800",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(MalformedReference) as refusal:
        parse(text)
    assert 0 < len(str(refusal.value)) < 120
    assert len(text) < 4 or text not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("app:$(TAG)", "placeholder"),
        ("{{.Values.image}}", "placeholder"),
        ("https://quay.io/app", "scheme"),
        ("quay.io/app ", "white space"),
        ("quay.io/App", "lower-case"),
        ("quay.io/" + "a" * 256, "255"),
        ("quay.io/app:a+b", "tag"),
        ("quay.io/app@sha256:abc", "digest"),
    ],
)
def test_reason_names_the_mistake(text: str, reason: str) -> None:
    with pytest.raises(MalformedReference, match=reason):
        parse(text)


@pytest.mark.parametrize(
    ("text", "explicit", "familiar"),
    [
        ("nginx", False, "nginx"),
        ("nginx:1", False, "nginx"),
        ("example.com", False, "example.com"),
        ("foo/bar", False, "foo/bar"),
        ("docker.io/nginx", True, "nginx"),
        ("index.docker.io/library/foo/bar", True, "library/foo/bar"),
        ("localhost/app", True, "localhost/app"),
        ("EXAMPLE/app", True, "EXAMPLE/app"),
        ("reg_x.example.com/app", True, "reg_x.example.com/app"),
    ],
)
def test_explicit_registry_and_familiar_name(text: str, explicit: bool, familiar: str) -> None:
    reference = parse(text)
    assert (reference.explicit_registry, reference.familiar) == (explicit, familiar)


def test_pinned_is_about_the_digest_alone() -> None:
    assert parse(f"nginx@{DIGEST}").pinned
    assert parse(f"nginx:1@{DIGEST}").pinned
    assert not parse("nginx:1").pinned


def test_name_is_the_repository_where_the_registry_is_empty() -> None:
    reference = parse("reg_x.example.com/app:1")
    assert reference == Reference("", "reg_x.example.com/app", "1", None, True)
    assert reference.name == "reg_x.example.com/app"


@pytest.mark.parametrize(
    "text",
    [
        "a" * 100_000,
        "a-" * 50_000,
        "a." * 50_000,
        "a." * 50_000 + "_/x",
        "a-." * 30_000 + "/x",
        "a/" * 50_000,
        "x:" + "a" * 100_000,
        "[" + ":" * 100_000 + "/a",
        "A" * 100_000 + "/a_",
        "a" + "_" * 100_000,
        " " * 100_000,
        "https://" * 12_500,
        "nginx@sha256:" + "a" * 100_000,
    ],
    ids=lambda text: text[:12],
)
def test_hostile_length_is_refused_in_linear_time(text: str) -> None:
    started = time.process_time()
    for function in (parse, parse_entry):
        with pytest.raises(MalformedReference):
            function(text)
    assert parse_image_id(text) == ImageID()
    # Quadratic work would take ten seconds and more.
    assert time.process_time() - started < 1


FRAGMENTS = st.sampled_from(
    [
        "nginx",
        "library",
        "docker.io",
        "index.docker.io",
        "localhost",
        "A",
        "reg_x.io",
        ":5000",
        "[::1]",
        DIGEST,
        "/",
        ":",
        "@",
        ".",
        "-",
        "_",
        "a",
        "0",
        "é",
        " ",
        "\n",
    ]
)
REFERENCES = st.lists(FRAGMENTS, max_size=8).map("".join) | st.text()


@given(REFERENCES)
def test_parse_raises_nothing_else_and_its_text_is_stable(text: str) -> None:
    try:
        reference = parse(text)
    except MalformedReference:
        return
    again = parse(str(reference))
    assert str(again) == str(reference)
    assert (again.registry, again.repository, again.tag, again.digest) == (
        reference.registry,
        reference.repository,
        reference.tag,
        reference.digest,
    )


@pytest.mark.parametrize(
    ("entry", "covered", "refused"),
    [
        ("gcr.io/corp", ["gcr.io/corp", "gcr.io/corp/app:1"], ["gcr.io/corp-evil/app", "gcr.io.evil.example/corp/app"]),
        ("gcr.io/corp/", ["gcr.io/corp/app"], ["gcr.io/corporate", "GCR.IO/corp/app", "gcr.io:443/corp/app"]),
        ("docker.io", ["nginx", "foo/bar", "index.docker.io/a/b"], ["docker.io.evil.example/a", "docker.io:443/nginx"]),
        ("index.docker.io", ["nginx"], ["quay.io/nginx"]),
        ("docker.io/library", ["nginx", "library/nginx", "docker.io/nginx"], ["foo/bar", "library-evil/nginx"]),
        ("docker.io/nginx", ["nginx", "docker.io/nginx/sub"], ["nginx-evil", "foo/nginx"]),
        ("nginx", ["nginx:1.25", "docker.io/library/nginx"], ["nginx-evil", "quay.io/nginx", "library/nginx/sub"]),
        ("myorg", ["myorg/app", "docker.io/myorg/a/b", "myorg"], ["myorg-evil/app", "myorganization/app"]),
        ("foo/bar", ["foo/bar", "foo/bar/baz"], ["foo/barbaz", "foo", "library/foo/bar"]),
        ("localhost", ["localhost/app"], ["localhost:5000/app", "localhost"]),
        ("localhost:5000", ["localhost:5000/app"], ["localhost/app"]),
        ("myregistry:5000", ["myregistry:5000/team/app"], ["myregistry/team/app"]),
        ("quay.io", ["quay.io/org/app"], ["quay.io", "evil.example/quay.io/app"]),
        ("Example.com", ["Example.com/app"], ["example.com/app"]),
        ("[::1]:5000", ["[::1]:5000/app"], ["[::1]/app"]),
    ],
)
def test_entry_covers_whole_segments(entry: str, covered: list[str], refused: list[str]) -> None:
    read = parse_entry(entry)
    assert [text for text in covered if not read.covers(parse(text))] == []
    assert [text for text in refused if read.covers(parse(text))] == []


def test_no_entry_covers_a_reference_without_registry() -> None:
    reference = parse("reg_x.example.com/app")
    assert not Entry("", "").covers(parse("nginx"))
    assert not any(parse_entry(entry).covers(reference) for entry in ("docker.io", "example.com", "reg-x.example.com"))


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("/", "not valid"),
        ("/foo", "not valid"),
        ("gcr.io//corp", "not valid"),
        (" gcr.io", "white space"),
        ("gcr.io/corp\n", "white space"),
        ("https://gcr.io", "scheme"),
        ("gcr.io/*", "glob"),
        ("*.gcr.io", "glob"),
        ("gcr.io/app:1", "tag"),
        ("nginx:latest", "tag"),
        (f"gcr.io/app@{DIGEST}", "digest"),
        ("user:pw@gcr.io", "digest or user"),
        ("gcr.io/Corp", "lower-case"),
        ("reg_x.example.com", "host"),
        ("gcr.io:abc/x", "host"),
        ("reg[12].io/x", "host"),
        ("gcr.io/" + "a" * 256, "255"),
    ],
)
def test_entry_refused_with_its_reason(entry: str, reason: str) -> None:
    with pytest.raises(MalformedReference, match=reason):
        parse_entry(entry)


@given(REFERENCES, st.sampled_from(["", "-evil", "/more", ":5000", ".evil.example"]))
def test_entry_made_of_an_image_covers_it_and_what_lies_below(text: str, suffix: str) -> None:
    try:
        reference = parse(text)
        entry = parse_entry(reference.name)
    except MalformedReference:
        return
    assert entry.covers(reference)
    assert parse_entry(str(entry)) == entry
    other = Reference(reference.registry, reference.repository + suffix)
    assert entry.covers(other) == (suffix in ("", "/more"))


@pytest.mark.parametrize(
    ("text", "repository", "digest"),
    [
        (f"docker.io/library/nginx@{DIGEST}", "docker.io/library/nginx", DIGEST),
        (f"docker-pullable://nginx@{DIGEST}", "docker.io/library/nginx", DIGEST),
        (f"docker://{DIGEST}", None, DIGEST),
        (DIGEST, None, DIGEST),
        (HEX, None, DIGEST),
        (f"quay.io/a/b:v1@{DIGEST}", "quay.io/a/b", DIGEST),
        (f"import-2024-05-01@{DIGEST}", "docker.io/library/import-2024-05-01", DIGEST),
        (f"sha512:{HEX}{HEX}", None, f"sha512:{HEX}{HEX}"),
        ("", None, None),
        ("docker.io/library/nginx:1.25", None, None),
        ("0123456789ab", None, None),
        ("sha256:short", None, None),
        ("docker://", None, None),
        ("\ud800", None, None),
    ],
)
def test_image_id(text: str, repository: str | None, digest: str | None) -> None:
    assert parse_image_id(text) == ImageID(repository, digest)


@given(REFERENCES)
def test_image_id_never_raises(text: str) -> None:
    read = parse_image_id(text)
    assert read.digest is not None or read.repository is None
