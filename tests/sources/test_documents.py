"""Odd inputs give the objects that kubectl reads, with their lines; malformed ones are refused and never quoted."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import SourceError
from auditor.sources.documents import Document, read_documents
from auditor.sources.unpack import MAX_RATIO

ROOT = Path(__file__).parents[2]
SAME = sorted((ROOT / "fixtures/inputs/same").iterdir())
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"containers": [{"name": "web", "image": "nginx:1.27", "command": ["sh"]}]},
}


def read(text: str | bytes, path: str = "f") -> list[Document]:
    return list(read_documents(text if isinstance(text, bytes) else text.encode(), path))


def value(text: str) -> dict[str, object]:
    (document,) = read("kind: K\napiVersion: v1\n" + text)
    found: dict[str, object] = json.loads(document.json)
    return {key: part for key, part in found.items() if key not in ("kind", "apiVersion")}


def error(text: str | bytes, path: str = "f") -> str:
    with pytest.raises(SourceError) as caught:
        read(text, path)
    assert caught.value.advice
    return str(caught.value)


def fault_of(data: bytes) -> SourceError | None:
    try:
        read(data)
    except SourceError as fault:
        return fault
    return None


@pytest.mark.parametrize("path", SAME, ids=[path.name for path in SAME])
def test_all_ways_to_write_a_pod_give_the_same_pod(path: Path) -> None:
    (document,) = read(path.read_bytes(), path.name)
    stated = {"kind": document.kind, "apiVersion": document.api_version}
    assert stated | json.loads(document.json) == POD
    assert document.origin.startswith(f"{path.name}:")


def test_an_object_is_where_its_first_line_is() -> None:
    text = "# a\n---\n# b\nkind: A\nx: |\n  ---\n  y\n---\n\n{kind: B}\n---\n- no object\n"
    assert [(d.origin, d.kind) for d in read(text)] == [("f:4", "A"), ("f:10", "B"), ("f:12", "")]


def test_items_of_yaml_lists_have_their_own_lines() -> None:
    text = "items:\n- kind: A\n  x:\n  - 1\n-\n  kind: B\n\n# c\n- {kind: C}\n- null\nkind: List\n"
    assert [(d.origin, d.kind) for d in read(text)] == [("f:2", "A"), ("f:6", "B"), ("f:9", "C")]


@pytest.mark.parametrize("indent", [None, 1, 4])
@pytest.mark.parametrize("sort", [True, False])
def test_items_of_json_lists_have_their_own_lines(indent: int | None, sort: bool) -> None:
    items: list[object] = [{"kind": "A", "x": {}}, {}, {"kind": "A", "x": {}}, {"kind": "B", "n": "\n"}, None, 5]
    text = json.dumps({"metadata": {}, "kind": "List", "items": items}, indent=indent, sort_keys=sort) + "\n"
    starts = [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if indent and line.startswith(" " * 2 * indent) and line[2 * indent] in "{5"
    ]
    read_back = read("\n\n" + text)
    assert [d.kind for d in read_back] == ["A", "", "A", "B", ""]
    assert [d.origin for d in read_back] == [f"f:{2 + start}" for start in starts or [1] * 5]


def test_json_documents_one_after_another_on_one_line_and_on_many() -> None:
    text = '{"kind":"A"}{"kind":"B"}\n\n{"kind":\n"C"}\n[{"kind":"D"},\n{"kind":"E"}]{"kind":"F"}'
    assert [(d.origin, d.kind) for d in read(text)] == [
        ("f:1", "A"),
        ("f:1", "B"),
        ("f:3", "C"),
        ("f:5", "D"),
        ("f:6", "E"),
        ("f:6", "F"),
    ]


def test_yaml_may_follow_json() -> None:
    text = '{"kind": "A"}\n---\n  kind: B\n  x: [1]\n---\n{"kind": "C"}\n--- # more\nkind: D\n'
    assert [(d.origin, d.kind) for d in read(text)] == [("f:1", "A"), ("f:3", "B"), ("f:6", "C"), ("f:8", "D")]


def test_ten_thousand_lines_of_json() -> None:
    documents = read('{"apiVersion":"v1","kind":"Pod"}\n' * 10_000)
    assert (len(documents), documents[-1].origin) == (10_000, "f:10000")


def test_items_of_typed_lists_take_kind_and_version_from_the_list() -> None:
    text = (
        '{"kind":"DeploymentList","apiVersion":"apps/v1","items":[{"a":1},{"kind":"X","apiVersion":"v2"},{"kind":"Y"}]}'
    )
    assert [(d.kind, d.api_version) for d in read(text)] == [("Deployment", "apps/v1"), ("X", "v2"), ("Y", "apps/v1")]


def test_items_of_a_plain_list_take_nothing_from_it() -> None:
    (document,) = read('{"kind":"List","apiVersion":"v1","items":[{"a":1}]}')
    assert (document.kind, document.api_version, document.json) == ("", "", b'{"a":1}')


@pytest.mark.parametrize("text", ["kind: AllowList\nspec: {}\n", "kind: AllowList\nitems: {}\n", '{"kind":"PodList"}'])
def test_a_kind_that_only_ends_in_list_is_an_object(text: str) -> None:
    assert len(read(text)) == 1


@pytest.mark.parametrize("text", ['{"kind":"PodList","items":null}', "kind: List\nitems: []\n", "kind: List\nitems:\n"])
def test_an_empty_list_is_told_by_its_kind(text: str) -> None:
    assert [(document.kind, document.json) for document in read(text)] == [
        ("PodList" if "PodList" in text else "List", b"{}")
    ]


@pytest.mark.parametrize("text", ["", "\n \n", "---\n---\n...\n", "# a\n", "---\n# a\n---\nnull\n---\n~\n"])
def test_nothing_gives_no_documents(text: str) -> None:
    assert read(text) == []


def test_items_by_alias_and_by_merge() -> None:
    text = "kind: List\nx: &x [{kind: A}]\ny: &y {items: [{kind: B}]}\n"
    assert [d.kind for d in read(text + "items: *x\n")] == ["A"]
    assert [d.kind for d in read(text + "items: 5\n<<: *y\n")] == ["B"]
    assert [d.kind for d in read(text + "items: [1, 2]\nitems: [{kind: C}]\n")] == ["C"]


def test_merges_and_duplicates_as_kubectl_reads_them() -> None:
    base = "b: &b {a: 1, b: 2}\nc: &c {b: 5, d: 6}\n"
    assert value(base + "m: {b: 9, <<: *b}")["m"] == {"b": 2, "a": 1}  # where a merge stands matters to go-yaml v2
    assert value(base + "m: {<<: *b, b: 9}")["m"] == {"a": 1, "b": 9}
    assert value(base + "m: {<<: [*b, *c]}")["m"] == {"a": 1, "b": 2, "d": 6}
    assert value(base + "m: {!!merge <<: *b}")["m"] == {"a": 1, "b": 2}
    assert value(base + 'm: {"<<": *b}')["m"] == {"<<": {"a": 1, "b": 2}}
    assert value("x: 1\nx: 2\n") == {"x": 2}


def test_anchors_live_in_one_document() -> None:
    assert value("x: &x [1]\nz: *x\n&k k: *k\n") == {"x": [1], "z": [1], "k": "k"}
    assert error("a: &a 1\n---\nb: *a\n") == "f:3: an alias of nothing"


def test_many_honest_aliases_are_no_bomb() -> None:
    made = value("x: &x {a: 1, b: [1, 2, 3]}\nz:\n" + "- *x\n" * 5000)["z"]
    assert made == [{"a": 1, "b": [1, 2, 3]}] * 5000


BOMBS = {
    "laughs": "a0: &a0 lol\n" + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)),
    "one long text": "a: &a " + "x" * 1_000_000 + "\nb: [" + "*a," * 100_000 + "]\n",
    "merges": "a: &a {"
    + ",".join(f"k{i}: 1" for i in range(2000))
    + "}\n"
    + "".join(f"m{i}: {{<<: *a}}\n" for i in range(20_000)),
    "many documents": ("---\na: &a [" + "x," * 50 + "]\nb: [" + "*a," * 4000 + "]\n") * 1000,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_aliases_that_multiply_are_refused(bomb: str) -> None:
    assert "aliases would make more than 50 times" in error("kind: Pod\n" + bomb)


def test_aliases_cannot_nest_deeper_than_text() -> None:
    text = "a0: &a0 []\n" + "".join(f"a{i}: &a{i} [[[[[[[[[[*a{i - 1}]]]]]]]]]]\n" for i in range(1, 2000))
    assert error(text) == "f:11: aliases nest more than 100 levels deep"


DEEP = {
    "flow sequences": b"kind: Pod\nx: " + b"[" * 100_000,
    "flow mappings": b"kind: Pod\nx: " + b"{a: " * 100_000,
    "block sequences": b"kind: Pod\nx:\n" + b"- " * 100_000,
    "keys": b"? " * 100_000,
    "json arrays": b'{"kind":"Pod","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "json objects": b'{"x":' * 100_000,
    "json from the start": b"[" * 100_000,
    "json lists": b'{"kind":"List","items":[' * 50 + b"]}" * 50,
}


@pytest.mark.parametrize("deep", DEEP.values(), ids=DEEP)
def test_absurd_nesting_is_refused(deep: bytes) -> None:
    assert "nested" in error(deep)


def test_absurd_nesting_does_not_crash_the_process() -> None:
    program = (
        "import sys\nfrom auditor.errors import SourceError\nfrom auditor.sources.documents import read_documents\n"
        "for deep in (b'x: ' + b'[' * 100000, b'[' * 100000, b'{\"a\":' * 100000, b'- ' * 100000):\n"
        "    try:\n        list(read_documents(deep, 'f'))\n"
        "    except SourceError as error:\n        print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr, done.stdout.count("nested")) == (0, "", 4)


def test_depth_within_reason_is_read() -> None:
    assert len(read("kind: A\nx: " + "[" * 99 + "]" * 99)) == 1
    assert len(read('{"kind":"A","x":' + "[" * 99 + "]" * 99 + "}")) == 1


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("a: b: c\n", "f.yaml", "f.yaml:1: not valid YAML: mapping values are not allowed in this context (column 5)"),
        (
            "a: 1\n\tb: 2\n",
            "f.yaml",
            "f.yaml:2: not valid YAML: ",
        ),
        ('{"a": 1,\n "b": }}\n', "f.json", "f.json:2: not valid JSON: invalid character (column 7)"),
        ('\n{"a": 1,\n "b"\n', "f", "f:3: the JSON ends in the middle"),
        ('{"kind":"A"}\n{"kind":"B" 1}\n', "f", "f:2: not valid JSON: expected ',' or '}' (column 13)"),
        (
            '{"kind":"A"}\n---\na: b: c\n',
            "f",
            "f:3: not valid YAML: mapping values are not allowed in this context (column 5)",
        ),
        ("{a: 1}\n---\nb: [\n", "f", "f:4: not valid YAML: did not find expected node content (column 1)"),
        ("a: \x07\n", "f", "f:1: not valid YAML: control characters are not allowed"),
        ("x: [1]\ny: !Ref a\nkind: A\napiVersion: v1", "f", "f:2: a tag that Kubernetes has no meaning for"),
        ("kind: A\napiVersion: v1\nx: {<<: 5}", "f", "f:3: a merge of something that is not a mapping"),
        ("x: &x [*x]", "f", "f:1: an alias inside what it names"),
    ],
)
def test_faults_are_said_with_file_and_line(text: str, path: str, expected: str) -> None:
    # the wording about tabs has changed between releases of libyaml
    assert error(text, path) == expected or (expected.endswith(": ") and error(text, path).startswith(expected))


def test_bytes_that_are_no_text() -> None:
    assert error(b'{"kind": "\xff"}') == "f:1: not UTF-8"
    assert error(b"a: 1\nb: \xff\n") == "f:2: not valid YAML: invalid leading UTF-8 octet"
    assert error(b"\xff\xfea") == "f:1: not UTF-16, though it has its byte order mark"


def test_a_tag_in_what_is_no_object_is_somebody_elses() -> None:
    (document,) = read("Resources:\n  A: !Ref B\n")
    assert (document.kind, document.origin) == ("", "f:1")


def test_gzip_in_several_members_and_damaged() -> None:
    packed = gzip.compress(b"kind: A\n---\n") + gzip.compress(b"kind: B\n")
    assert [d.kind for d in read(packed)] == ["A", "B"]
    assert error(packed[:-9]) == "f:1: not a whole gzip file"
    assert error(packed[:20] + b"\0\0\0" + packed[23:]) == "f:1: not a whole gzip file"


def test_a_gzip_bomb_is_refused() -> None:
    packed = gzip.compress(bytes(80 << 20), 9)
    assert error(packed, "b.gz") == f"b.gz:1: unpacks to more than {MAX_RATIO} times its size"


SECRET = "hunter2"
HOLDER = (
    f"apiVersion: v1\nkind: Secret\nmetadata: {{name: {SECRET}}}\nstringData: {{password: {SECRET}, ? {SECRET} : 1}}\n"
    f'list: [&{SECRET} {SECRET}, *{SECRET}, !!str "{SECRET}", "\\x41{SECRET}"]\ntext: |\n  {SECRET}\n'
).encode()
HOLDER_JSON = json.dumps(
    {"kind": "Secret", "data": {"a": SECRET, SECRET: [SECRET, "\u00e9"]}, "n": 1}, indent=1
).encode()


@settings(deadline=None)
@given(st.sampled_from([HOLDER, HOLDER_JSON]), st.integers(0, 300), st.integers(0, 12), st.binary(max_size=3))
def test_no_fault_tells_what_the_file_holds(text: bytes, start: int, length: int, instead: bytes) -> None:
    damaged = text[:start] + instead + text[start + length :]
    fault = fault_of(damaged)
    if fault is not None:
        context = fault.__context__
        assert SECRET not in f"{fault} {fault.advice} {vars(context) if context else ''} {context}"
        assert not isinstance(context, UnicodeDecodeError)


@settings(deadline=None)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.text(alphabet="{}[]\"',:-?&*!|>#%@ \n\tab1~<.\\", max_size=60).map(str.encode),
        st.lists(
            st.sampled_from(
                [
                    "kind: ",
                    "items: ",
                    "- ",
                    "List\n",
                    "&a ",
                    "*a",
                    "<<: ",
                    "{",
                    "}",
                    "[",
                    "]",
                    ",",
                    "\n",
                    "  ",
                    '"',
                    "a",
                    ": ",
                    "---\n",
                ]
            ),
            max_size=30,
        ).map(lambda parts: "".join(parts).encode()),
    )
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    fault = fault_of(data)
    assert fault is None or str(fault).startswith("f:")
    for document in [] if fault else read(data):
        assert 1 <= int(document.origin.removeprefix("f:")) <= data.count(b"\n") + data.count(b"\r") + 1
        json.loads(document.json)


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(1 << 63), (1 << 63) - 1),
        st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer()),
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufeff\ufffe\uffff")),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text("abcyn019.~", max_size=4), inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(VALUES, st.sampled_from([None, 2]), st.booleans())
def test_json_and_yaml_of_a_value_are_read_alike(inner: object, indent: int | None, flow: bool) -> None:
    whole = {"kind": "A", "x": inner}
    (from_json,) = read(json.dumps(whole, indent=indent))
    (from_yaml,) = read(yaml.safe_dump(whole, default_style='"', default_flow_style=flow, allow_unicode=True))
    assert json.loads(from_json.json) == json.loads(from_yaml.json) == whole
