"""Policy files: what loads, what is refused and in which line, and what a hostile file costs."""

import hashlib
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import PolicyError
from auditor.image import Entry
from auditor.policy import CheckSetting, Exclude, Identity, Policy, Registries, Signature, Waiver
from auditor.policy_file import load_policy
from auditor.report import Severity

POLICIES = Path(__file__).parent.parent / "fixtures" / "policies"
REFUSED = re.compile(r"# refused: (.*?)(?= # refused: |$)")


def _refusals(text: str) -> list[str]:
    try:
        load_policy(text.encode(), "p.yaml")
    except PolicyError as error:
        return str(error).splitlines()
    return []


def test_the_contracts_example_loads_exactly() -> None:
    data = (POLICIES / "valid-contract.yaml").read_bytes()
    assert load_policy(data, "some/policy.yaml") == Policy(
        registries=Registries(
            allowed=(
                Entry("registry.k8s.io"),
                Entry("docker.io", "library"),
                Entry("myprivateregistry.com:5000"),
            ),
            private=(Entry("myprivateregistry.com:5000"),),
            namespaces={"payments-*": (Entry("registry.corp.example", "payments"),)},
        ),
        checks={
            "unpinned-image": CheckSetting(severity=Severity.HIGH),
            "never-pull": CheckSetting(enabled=False, reason="air-gapped edge nodes"),
        },
        waivers=(
            Waiver(
                check="unpinned-image",
                namespace="legacy",
                subject="Deployment/billing",
                reason="TICKET-12",
                owner="payments",
                expires=date(2027, 1, 31),
            ),
        ),
        exclude=Exclude(namespaces=("kube-node-lease",)),
        path="some/policy.yaml",
        sha256=hashlib.sha256(data).hexdigest(),
    )


def test_the_least_file_is_no_policy_but_for_its_origin() -> None:
    data = (POLICIES / "valid-least.yaml").read_bytes()
    assert load_policy(data, "p") == Policy(path="p", sha256=hashlib.sha256(data).hexdigest())


def test_anchors_folded_text_and_quoted_dates() -> None:
    policy = load_policy((POLICIES / "valid-anchors.yaml").read_bytes(), "p")
    corp = (Entry("registry.corp.example:5000", "team"), Entry("quay.io"))
    assert policy.registries == Registries(corp, corp, {"*": corp})
    assert policy.signatures == (
        Signature(("registry.corp.example:5000/team/*",), ("cosign.pub",)),
        Signature(("quay.io/*",), (), (Identity("https://token.example", "release@corp.example"),)),
    )
    assert policy.checks == {"debug-container": CheckSetting(None, False, "allowed on this cluster")}
    assert policy.waivers == (
        Waiver(
            subject="StatefulSet/vendor-*",
            reason="The vendor ships no digests; see TICKET-40.\n",
            expires=date(2027, 12, 31),
        ),
    )


def test_an_empty_allowlist_is_not_a_missing_one() -> None:
    assert load_policy((POLICIES / "valid-empty-allowlist.yaml").read_bytes(), "p").registries.allowed == ()
    assert load_policy(b"registries: {}", "p").registries.allowed is None


def test_json_is_a_policy_too() -> None:
    policy = load_policy((POLICIES / "valid-json.yaml").read_bytes(), "p")
    assert policy.registries.allowed == (Entry("ghcr.io", "corp"),)
    assert policy.waivers == (Waiver(reason="migration", expires=date(2027, 2, 28)),)


@pytest.mark.parametrize("file", sorted(POLICIES.glob("invalid-*.yaml")), ids=lambda file: file.stem)
def test_refuses_exactly_the_marked_lines(file: Path) -> None:
    text = file.read_text()
    expected = [
        f"p.yaml:{number}: {refusal.strip()}"
        for number, line in enumerate(text.splitlines(), start=1)
        for refusal in REFUSED.findall(line)
    ]
    assert expected
    assert _refusals(text) == expected


def test_a_long_list_of_problems_is_cut() -> None:
    text = "\n".join(f"key{number}: 1" for number in range(30))
    refusals = _refusals(text)
    assert refusals[24:] == ["p.yaml:25: key24: unknown key", "p.yaml: and 5 more"]


def test_the_error_carries_advice() -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(b"version: 3", "p.yaml")
    assert "auditor policy schema" in caught.value.advice


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", "p.yaml:1: the file is empty"),
        (b"\n---\n", "must be a mapping, not nothing"),
        (b"version: 1\nregistries: [\n", "p.yaml:3: not valid YAML: while parsing a flow node: "),
        (b"version: 1\n\tchecks: {}\n", "p.yaml:2: not valid YAML: "),
        (b"version: 1\npacks: *none\n", "p.yaml:2: not valid YAML: found undefined alias"),
        (b"version: 1\n# \x00\n", "p.yaml:2: not valid YAML: control characters are not allowed"),
        (b"version: 1\nchecks: {\xff: {}}\n", "p.yaml:2: not valid YAML: "),
        (b"# " + b"x" * (1 << 20), "p.yaml:1: the file is larger than 1024 KiB"),
        (b"version: 1\npacks: " + b"[" * 100_000, "p.yaml:2: nested more than 32 levels deep"),
        (b"version: 1\n" + b"- " * 100_000, "p.yaml:"),
        (b"packs: [" + b"a," * 300_000 + b"]", "p.yaml:1: too many values"),
    ],
)
def test_refuses_what_is_no_bounded_yaml(data: bytes, refusal: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(data, "p.yaml")
    assert refusal in str(caught.value)


def test_aliases_that_multiply_are_bounded() -> None:
    entries = "[" + "quay.io," * 5_000 + "]"
    uses = "\n".join(f"    n{number}: *a" for number in range(5_000))
    text = f"registries:\n  allowed: &a {entries}\n  namespaces:\n{uses}\n"
    assert [line.rsplit(": ", 1)[1] for line in _refusals(text)] == ["too many values"]


def test_aliases_that_multiply_problems_are_bounded() -> None:
    wrong = "{" + ",".join(f"key{number}: 1" for number in range(2_000)) + "}"
    text = f"waivers: [&a {wrong}, " + "*a," * 20_000 + "]"
    assert _refusals(text)[-1] == "p.yaml: and 75 more"


def test_hostile_text_is_escaped_and_shortened() -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(f'"\\u001b[31m\\u202e{"k" * 900}": 1\n'.encode(), "p\x1b.yaml")
    message = str(caught.value)
    assert message.isprintable()
    assert message.startswith('p\\u{1b}.yaml:1: "\\u{1b}[31m\\u{202e}kkk')
    assert len(message) < 300


def test_values_of_registries_are_never_quoted() -> None:
    (refusal,) = _refusals("registries: {allowed: ['user:hunter2@registry.example']}")
    assert "hunter2" not in refusal
    assert "registries.allowed[0]" in refusal


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.binary(max_size=200), st.text(alphabet="version:1[]{}&*a!<|>-\"'#% \n\t", max_size=80).map(str.encode))
)
def test_any_bytes_load_or_are_refused(data: bytes) -> None:
    try:
        policy = load_policy(data, "p.yaml")
    except PolicyError as error:
        lines = str(error).splitlines()
    else:
        assert policy.sha256 == hashlib.sha256(data).hexdigest()
        return
    assert all(re.match(r"p\.yaml(:\d+)?: ", line) for line in lines)
