"""A waiver written into a policy file: what was there stays byte for byte, and what is read back is what was meant."""

from __future__ import annotations

import json
from datetime import date

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import PolicyError
from auditor.policy import Policy, Waiver
from auditor.policy_edit import add_waiver, listed, replace_waiver
from auditor.policy_file import load_policy
from auditor.waiver_text import block, flow
from tests.auditing import ROOT

WAIVER = Waiver(check="unpinned-image", subject="Deployment/web", reason="TICKET-1: soon", expires=date(2027, 1, 31))
BLOCK = """\
- check: unpinned-image
  subject: Deployment/web
  reason: "TICKET-1: soon"
  expires: 2027-01-31
"""
FLOW = '{check: unpinned-image, subject: Deployment/web, reason: "TICKET-1: soon", expires: 2027-01-31}'
JSON = '{"check": "unpinned-image", "subject": "Deployment/web", "reason": "TICKET-1: soon", "expires": "2027-01-31"}'


def item(indent: int, inner: int = 2) -> str:
    """The new waiver in block style: dashes so far right, keys so far right of them."""
    lines = BLOCK.splitlines()
    first = " " * indent + "-" + " " * (inner - 1) + lines[0][2:]
    return "\n".join([first, *(" " * (indent + inner) + line[2:] for line in lines[1:])]) + "\n"


def parts(marked: str) -> tuple[bytes, bytes]:
    """A file in which `«…»` marks what is to be added, `‹…›` what is to be taken away: before and after."""
    before, after = "", ""
    for piece in marked.split("«"):
        new, closed, rest = piece.partition("»")
        after += new + rest if closed else piece
        before += rest if closed else piece
    return before.replace("‹", "").replace("›", "").encode(), cut(after).encode()


def cut(text: str) -> str:
    head, opened, tail = text.partition("‹")
    return head + cut(tail.partition("›")[2]) if opened else head


PLACES = {
    "empty file": f"«version: 1\nwaivers:\n{item(2)}»",
    "comments alone": f"# ours\n«version: 1\nwaivers:\n{item(2)}»",
    "a marker alone": f"---\n«version: 1\nwaivers:\n{item(2)}»",
    "markers alone": f"--- # ours\n«version: 1\nwaivers:\n{item(2)}»...\n# end\n",
    "no key": f"version: 1\nchecks: {{}}\n\n# end\n«waivers:\n{item(2)}»",
    "no key, end marker": f"---\nversion: 1\n«waivers:\n{item(2)}»...\n# end\n",
    "no key, no last line end": f"version: 1«\nwaivers:\n{item(2)[:-1]}»",
    "no key, indented root": f"  version: 1\n«  waivers:\n{item(4)}»",
    "no key, value left out above": f"version: 1\nchecks: {{}} # none\n«waivers:\n{item(2)}»",
    "no value": f"waivers:\n«{item(2)}»version: 1\n",
    "no value, last": f"version: 1\nwaivers:«\n{item(2)[:-1]}»",
    "no value, comments": f"waivers: # so far\n«{item(2)}»  # - {{reason: old}}\nversion: 1\n",
    "null": f"waivers:‹ null› # so far\n«{item(2)}»version: 1\n",
    "tilde": f"version: 1\nwaivers:‹ ~›\n«{item(2)}»",
    "block": f"waivers:\n  - reason: x # why\n    expires: 2027-01-01\n«{item(2)}»version: 1\n",
    "block at the key's column": f"waivers:\n- reason: x\n  expires: 2027-01-01\n«{item(0)}»\n# next\nversion: 1\n",
    "block, wide": f"waivers:\n    -   reason: x\n        expires: 2027-01-01\n«{item(4, 4)}»version: 1\n",
    "block, last, no line end": f"waivers:\n- reason: x\n  expires: 2027-01-01«\n{item(0)[:-1]}»",
    "block, comment goes on": (
        f"waivers:\n  - reason: x\n    expires: 2027-01-01 # a\n               # b\n«{item(2)}»  # c\nversion: 1\n"
    ),
    "block, last field without value": (
        f"waivers:\n  - reason: x\n    expires: 2027-01-01\n    owner:\n«{item(2)}»version: 1\n"
    ),
    "block, quoted over lines": (
        f"waivers:\n  - expires: 2027-01-01\n    reason: 'x\n      # no comment'\n«{item(2)}»version: 1\n"
    ),
    "block scalar": (
        f"waivers:\n  - expires: 2027-01-01\n    reason: |\n      x\n      # text\n«{item(2)}»\n\nversion: 1\n"
    ),
    "block scalar that keeps blank lines": (
        f"waivers:\n  - expires: 2027-01-01\n    reason: |+\n      x\n\n\n«{item(2)}»# next\nversion: 1\n"
    ),
    "block of flow": f"waivers:\n  - {{reason: x, expires: 2027-01-01}} # a\n«  - {FLOW}\n»\nversion: 1\n",
    "block with an alias": (f"waivers:\n  - &a {{reason: x, expires: 2027-01-01}}\n  - *a\n«{item(2)}»version: 1\n"),
    "block with an anchor": f"waivers: &all\n  - reason: x-y\n    expires: 2027-01-01\n«{item(2)}»version: 1\n",
    "empty list": f"waivers: [«{FLOW}»] # none\nversion: 1\n",
    "empty list with a blank": f"waivers: [« {FLOW}» ]\nversion: 1\n",
    "empty list over lines": f"waivers: [«\n  {FLOW}»\n]\nversion: 1\n",
    "empty list with a comment": f"waivers: [«{FLOW}» # none\n]\nversion: 1\n",
    "flow": f"waivers: [{{reason: x, expires: 2027-01-01}}«, {FLOW}»] # one\nversion: 1\n",
    "flow, comma at the end": f"waivers: [{{reason: x, expires: 2027-01-01}}«, {FLOW}»,]\nversion: 1\n",
    "flow over lines": (
        "waivers: [\n  {reason: x, expires: 2027-01-01}, # a, b\n  {reason: y, expires: 2027-01-01}«,» # c, d\n"
        f"«  {FLOW}\n»]\nversion: 1\n"
    ),
    "flow over lines, comma at the end": (
        f"waivers: [\n  {{reason: x, expires: 2027-01-01}}, # a, b\n«  {FLOW},\n»]\nversion: 1\n"
    ),
    "flow over lines, closed on the last": (
        "waivers: [{reason: x, expires: 2027-01-01},\n  {reason: y, expires: 2027-01-01}"
        f"«,\n  {FLOW}»]\nversion: 1\n"
    ),
    "flow root": f"{{version: 1«, waivers: [{FLOW}]»}}\n",
    "JSON without anything": f'{{«"waivers": [{JSON}]»}}\n',
    "JSON without anything, over lines": f'{{«\n  "waivers": [{JSON}]»\n}}\n',
    "flow root without anything but a comment": f'{{«"waivers": [{JSON}]» # nothing yet\n}}\n',
    "flow root, no value": f"{{version: 1, waivers:« [{FLOW}]» }}\n",
    "JSON": f'{{"version": 1«, "waivers": [{JSON}]»}}',
    "JSON, empty list": f'{{"version": 1, "waivers": [«{JSON}»]}}\n',
    "JSON over lines": f'{{\n  "version": 1«,\n  "waivers": [{JSON}]»\n}}\n',
    "JSON, null": f'{{\n  "waivers":‹ null›« [{JSON}]»,\n  "version": 1\n}}\n',
    "a column of explicit keys": f"? version\n: 1\n«waivers:\n{item(2)}»",
}


@pytest.mark.parametrize("marked", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "BOM"])
def test_nothing_else_is_touched(marked: str, line_end: str, mark: bytes) -> None:
    before, after = (mark + text.replace(b"\n", line_end.encode()) for text in parts(marked))
    if b"\n" not in before and b"\r" not in before:
        after = after.replace(line_end.encode(), b"\n")  # a file without lines says nothing about their ends
    assert add_waiver(before, WAIVER, "p.yaml") == after
    assert listed(after, "p.yaml")[-1][1] == WAIVER
    if not mark and _is_json(before):
        assert json.loads(after)["waivers"]


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_other_encodings_stay(codec: str) -> None:
    def file(text: str) -> bytes:
        return ("\ufeff" + text).encode(codec)

    added = add_waiver(file("version: 1 # é 😀\nwaivers: []\n"), WAIVER, "p.yaml")
    assert added == file(f"version: 1 # é 😀\nwaivers: [{FLOW}]\n")


def test_positions_count_characters() -> None:
    before = "# 😀 é\nwaivers: # 😀\n  - reason: 😀\n    expires: 2027-01-01 # é\nversion: 1\n"
    after = add_waiver(before.encode(), WAIVER, "p.yaml").decode()
    assert after == before.replace("version", item(2) + "version")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("version: 2\nwaivers: []\n", "p.yaml:1: version"),
        ("waivers:\nversion: 2\n", "p.yaml:2: version"),
        ("waivers: {}\n", "p.yaml:1: waivers"),
        ("waivers:\n  - reason: x\n", "p.yaml:2: waivers[0].expires"),
        ("waivers: []\nwaivers: []\n", "p.yaml:2: waivers"),
        ("version: [\n", "p.yaml:"),
        ("version: 1\n---\nversion: 1\n", "p.yaml:2"),
        ("null\n", "p.yaml:1"),
        ("- 1\n", "p.yaml:1"),
    ],
)
def test_a_wrong_file_is_told_with_its_own_lines(text: str, says: str) -> None:
    with pytest.raises(PolicyError, match=r"p\.yaml") as told:
        add_waiver(text.encode(), WAIVER, "p.yaml")
    assert says in str(told.value)


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\nwaivers:\n  - expires: 2027-01-01\n    reason: |\n      its last line has no end",
        "x: &none []\n",
    ],
)
def test_what_cannot_be_kept_is_refused(text: str) -> None:
    with pytest.raises(PolicyError):
        add_waiver(text.encode(), WAIVER, "p.yaml")


@pytest.mark.parametrize("path", sorted((ROOT / "fixtures").rglob("polic*/valid*.yaml")), ids=lambda path: path.name)
def test_every_valid_policy_takes_a_waiver(path: object) -> None:
    before = (ROOT / str(path)).read_bytes()
    rules = load_policy(before, "p.yaml")
    after = add_waiver(before, WAIVER, "p.yaml")
    grown = msgspec.structs.replace(rules, waivers=(*rules.waivers, WAIVER), sha256=load_policy(after, "p.yaml").sha256)
    assert load_policy(after, "p.yaml") == grown
    kept = iter(after.splitlines())
    assert all(line in kept or b"waivers" in line for line in before.splitlines())


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
GLOBS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
    lambda text: not any(map(str.isspace, text))
)
WAIVERS = st.builds(
    Waiver,
    check=GLOBS,
    namespace=GLOBS,
    subject=GLOBS,
    container=GLOBS,
    reason=TEXTS,
    owner=st.none() | TEXTS,
    expires=st.dates(min_value=date(1000, 1, 1)),
)


@given(WAIVERS)
def test_any_text_is_read_back(waiver: Waiver) -> None:
    made = b""
    for start in (b"", b"waivers: []\n"):
        made = add_waiver(start, waiver, "p.yaml")
        assert load_policy(made, "p.yaml").waivers == (waiver,)
    assert flow(waiver, json_only=False) in made.decode()


@given(TEXTS)
def test_other_readers_read_the_same(text: str) -> None:
    waiver = msgspec.structs.replace(WAIVER, reason=text)
    assert yaml.safe_load("\n".join(block(waiver)))["reason"] == text
    assert json.loads(flow(waiver, json_only=True))["reason"] == text


@pytest.mark.parametrize(
    "word", ["y", "No", "null", "1e3", "0x1", "~", "2027-01-31", "on", "=", "<<", "- a", "a: b", "a #b"]
)
def test_what_some_yaml_reads_as_a_value_is_quoted(word: str) -> None:
    assert f'reason: "{word}"' in block(msgspec.structs.replace(WAIVER, reason=word))


def test_what_nobody_sees_is_written_as_escapes() -> None:
    text = "\n".join(block(msgspec.structs.replace(WAIVER, reason="a\u202eb\u200b\U000e0041\ttab\nline")))
    assert text.isascii()
    assert "\\u202e" in text


RENEWED = Waiver(reason="longer", owner="team", expires=date(2027, 12, 31))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "waivers:\n  - reason: 'x' # why\n    expires: 2027-01-01 # when\nversion: 1\n",
            "waivers:\n  - reason: longer # why\n    expires: 2027-12-31 # when\n    owner: team\nversion: 1\n",
        ),
        (
            "waivers:\n  - expires: 2027-01-01\n    owner: x\n    reason: |\n      a\n      b\n\nversion: 1\n",
            "waivers:\n  - expires: 2027-12-31\n    owner: team\n    reason: longer\n\nversion: 1\n",
        ),
        (
            "waivers: [{reason: x, expires: 2027-01-01}] # a\n",
            "waivers: [{reason: longer, expires: 2027-12-31, owner: team}] # a\n",
        ),
        (
            "waivers: [{\n  reason: x,\n  expires: 2027-01-01\n}]\n",
            "waivers: [{\n  reason: longer,\n  expires: 2027-12-31,\n  owner: team\n}]\n",
        ),
        (
            '{"waivers": [{"reason": "x", "expires": "2027-01-01"}]}\n',
            '{"waivers": [{"reason": "longer", "expires": "2027-12-31", "owner": "team"}]}\n',
        ),
        (
            "waivers:\n  - reason: x\n    expires: 2027-01-01",
            "waivers:\n  - reason: longer\n    expires: 2027-12-31\n    owner: team",
        ),
    ],
)
def test_a_waiver_is_renewed_in_place(before: str, after: str) -> None:
    assert replace_waiver(before.encode(), 0, RENEWED, "p.yaml").decode() == after


def test_renewing_keeps_the_owner_that_nobody_named() -> None:
    before = b"waivers:\n  - {reason: x, owner: them, expires: 2027-01-01}\n"
    after = replace_waiver(before, 0, WAIVER, "p.yaml")
    assert after == b'waivers:\n  - {reason: "TICKET-1: soon", owner: them, expires: 2027-01-31}\n'


def test_an_alias_is_not_renewed_for_all_that_share_it() -> None:
    with pytest.raises(PolicyError, match="cannot be written"):
        replace_waiver(b"waivers:\n  - &a {reason: x, expires: 2027-01-01}\n  - *a\n", 0, WAIVER, "p.yaml")


def test_nothing_is_listed_where_there_is_nothing() -> None:
    for text in (b"", b"---\n", b"version: 1\n", b"waivers:\n", b"waivers: []\n"):
        assert listed(text, "p.yaml") == ()
    assert Policy().waivers == ()
