"""Writes a waiver into the bytes of a policy file. All else stays as it is: comments, order, quotes, line ends.

Libraries that keep comments still write the whole file anew, in their own indentation and line breaks. So the places
come from libyaml's marks, and text is put in there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
import yaml

from auditor import waiver_text
from auditor.errors import PolicyError
from auditor.policy import Policy, Waiver
from auditor.policy_file import load_policy, read_tree
from auditor.policy_text import Change, PolicyText

_OPENING = {ord("]"): "[", ord("}"): "{"}
_COLON = re.compile(r"\s*:")


def add_waiver(data: bytes, waiver: Waiver, path: str) -> bytes:
    """The file with the waiver as the last one, written in the style of the list: block, flow, or JSON.

    PolicyError where the file is wrong (`path` is for its messages), or where the result would not say what the file
    said and the waiver. A file without content gets the version too.
    """
    tree = read_tree(data, path)
    file = PolicyText(data)
    if tree is None or _is_nothing(tree):
        return _checked(file.changed([_new_policy(file, waiver)]), Policy(), (waiver,), path, waiver)
    there = _entry(tree, "waivers")
    empty = there is not None and _is_null(there[1])
    if there and empty:  # the one thing that may be wrong with the file: what is listed here is about to be said
        before = load_policy(file.changed([_list_instead(file, *there, " []")]), path)
    else:
        before = load_policy(data, path)
    assert isinstance(tree, yaml.MappingNode)
    if there is None:
        changes = _with_key(file, tree, waiver)
    elif empty:
        changes = _instead_of_null(file, tree, *there, waiver)
    else:
        changes = _with_item(file, there[1], waiver, json_only=_is_json(tree))
    return _checked(file.changed(changes), before, (*before.waivers, waiver), path, waiver)


def replace_waiver(data: bytes, index: int, waiver: Waiver, path: str) -> bytes:
    """The file with the reason, the day and, if it has one, the owner of this waiver in place of those there."""
    before = load_policy(data, path)
    file, tree = PolicyText(data), read_tree(data, path)
    there = _entry(tree, "waivers")
    assert there is not None
    item, old = there[1].value[index], before.waivers[index]
    new = msgspec.structs.replace(
        old, reason=waiver.reason, expires=waiver.expires, owner=old.owner if waiver.owner is None else waiver.owner
    )
    changes = [
        change
        for name in ("reason", "expires", "owner")
        if getattr(new, name) != getattr(old, name)
        for change in _with_field(file, item, name, waiver_text.field(new, name, json_only=_is_json(tree)))
    ]
    waivers = (*before.waivers[:index], new, *before.waivers[index + 1 :])
    return _checked(file.changed(changes), before, waivers, path, new)


def listed(data: bytes, path: str) -> tuple[tuple[int, Waiver], ...]:
    """The waivers of a file, each with its line, from 1. PolicyError where the file is wrong."""
    found = _entry(read_tree(data, path), "waivers")
    if found is None or not isinstance(found[1], yaml.SequenceNode):
        return ()
    lines = (item.start_mark.line + 1 for item in found[1].value)
    return tuple(zip(lines, load_policy(data, path).waivers, strict=True))


def _checked(data: bytes, before: Policy, waivers: tuple[Waiver, ...], path: str, waiver: Waiver) -> bytes:
    """The result, if it is right and says just what it should."""
    try:
        after = load_policy(data, path)
    except PolicyError:
        raise _by_hand(path, waiver) from None
    same = {"path": None, "sha256": None}
    wanted = msgspec.structs.replace(before, waivers=waivers, **same)
    if msgspec.structs.replace(after, **same) != wanted:
        raise _by_hand(path, waiver)
    return data


def _by_hand(path: str, waiver: Waiver) -> PolicyError:
    return PolicyError(
        f"{path}: a waiver cannot be written here without changing what else the file says",
        f"Put it in by hand:\n{waiver_text.flow(waiver, json_only=False)}",
    )


def _new_policy(file: PolicyText, waiver: Waiver) -> Change:
    place = file.document_end()
    lines = ["version: 1", "waivers:", *_block_item(waiver, "  ", 2)]
    return file.lines_at(place, lines) if file.text else Change(0, 0, "\n".join([*lines, ""]))


def _with_key(file: PolicyText, tree: yaml.MappingNode, waiver: Waiver) -> list[Change]:
    if tree.flow_style:
        name = '"waivers"' if _is_json(tree) else "waivers"
        return _into_flow(file, tree, f"{name}: [{waiver_text.flow(waiver, json_only=_is_json(tree))}]")
    indent = " " * tree.start_mark.column
    lines = [f"{indent}waivers:", *_block_item(waiver, f"{indent}  ", 2)]
    return [file.lines_at(file.document_end(), lines)]


def _instead_of_null(
    file: PolicyText, tree: yaml.MappingNode, key: yaml.Node, value: yaml.Node, waiver: Waiver
) -> list[Change]:
    if tree.flow_style:
        item = waiver_text.flow(waiver, json_only=_is_json(tree))
        return [_list_instead(file, key, value, f" [{item}]")]
    lines = _block_item(waiver, " " * (tree.start_mark.column + 2), 2)
    place = file.next_line(max(key.end_mark.index, value.end_mark.index))
    return [_list_instead(file, key, value, ""), file.lines_at(place, lines)]


def _list_instead(file: PolicyText, key: yaml.Node, value: yaml.Node, text: str) -> Change:
    """The text after the key's colon, in place of a null that is written or left out."""
    colon = _COLON.match(file.text, key.end_mark.index)
    start = colon.end() if colon else key.end_mark.index
    end = max(start, value.end_mark.index) if value.value else start
    return Change(start, end, text if colon else f":{text}")


def _with_item(file: PolicyText, value: yaml.Node, waiver: Waiver, *, json_only: bool) -> list[Change]:
    if not isinstance(value, yaml.SequenceNode) or value.flow_style:
        return _into_flow(file, value, waiver_text.flow(waiver, json_only=json_only))
    found = file.collection(value.start_mark.index)
    last = found.starts[-1]
    dash = file.text.rindex("-", 0, found.starts[0])  # an anchor may stand where the list begins
    column = dash - file.line_start(dash)
    place = _after_comments(file, file.next_line(found.end), column)
    # The new one looks as the one before it.
    if found.flow[-1]:
        return [file.lines_at(place, [f"{' ' * column}- {waiver_text.flow(waiver, json_only=json_only)}"])]
    inner = max(2, last - file.line_start(last) - column)
    return [file.lines_at(place, _block_item(waiver, " " * column, inner))]


def _block_item(waiver: Waiver, indent: str, inner: int) -> list[str]:
    """A list's item; its keys stand `inner` columns right of the dash."""
    first, *rest = waiver_text.block(waiver)
    return [f"{indent}-{' ' * (inner - 1)}{first}", *(f"{indent}{' ' * inner}{line}" for line in rest)]


def _after_comments(file: PolicyText, place: int, column: int) -> int:
    """Past comments that go on under the last item: those that stand further right than the list's dashes."""
    text = file.text
    while True:
        line = text[place : file.line_end(place)]
        mark = line.lstrip(" ")
        if not mark.startswith("#") or len(line) - len(mark) <= column:
            return place
        following = file.next_line(file.line_end(place))
        if following == place:
            return place
        place = following


def _into_flow(file: PolicyText, node: yaml.Node, item: str) -> list[Change]:
    """A last part between the braces or brackets of the node: on a line of its own where the one before it is."""
    text, closing = file.text, node.end_mark.index - 1
    opening = text.index(text[closing].translate(_OPENING), node.start_mark.index) + 1
    line_break = file.line_break(opening)
    found = file.collection(node.start_mark.index)
    if not found.starts:
        blank = text[opening:closing]
        if blank.strip():  # a comment
            return [Change(opening, opening, item)]
        if file.line_start(closing) < opening:
            return [Change(opening, opening, blank + item)]
        indent = text[file.line_start(closing) : closing]
        return [Change(opening, opening, f"{line_break}{indent}  {item}")]
    first_of_last = found.starts[-2] if isinstance(node, yaml.MappingNode) else found.starts[-1]
    indent = text[file.line_start(first_of_last) : first_of_last]
    if indent.strip() or file.line_start(first_of_last) < opening:
        return [Change(found.end, found.end, f", {item}")]
    comma = _comma(text, found.end, closing)
    changes = [] if comma else [Change(found.end, found.end, ",")]
    end_of_line = file.line_end(comma or found.end)
    place = end_of_line if end_of_line < closing else comma or found.end
    return [*changes, Change(place, place, f"{line_break}{indent}{item}{',' if comma else ''}")]


def _comma(text: str, start: int, end: int) -> int:
    """The place after the comma that stands there, 0 for none; comments may hold commas too."""
    found = re.match(r"(?:\s|#[^\r\n\x85\u2028\u2029]*+)*+,", text[start:end])
    return start + found.end() if found else 0


def _with_field(file: PolicyText, item: yaml.MappingNode, name: str, written: str) -> list[Change]:
    """A field of a waiver: another value, or a further field below the day."""
    if there := _entry(item, name):
        start, end = there[1].start_mark.index, there[1].end_mark.index
        return [Change(start, start + len(file.text[start:end].rstrip()), written)]
    if item.flow_style:
        quote = item.value[0][0].style or ""
        return _into_flow(file, item, f"{quote}{name}{quote}: {written}")
    below = _entry(item, "expires")
    assert below is not None
    place = file.next_line(below[1].end_mark.index)
    return [file.lines_at(place, [" " * below[0].start_mark.column + f"{name}: {written}"])]


def _entry(node: yaml.Node | None, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    pairs: Sequence[tuple[yaml.Node, yaml.Node]] = node.value if isinstance(node, yaml.MappingNode) else ()
    return next(((key, value) for key, value in pairs if key.value == name), None)


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _is_nothing(tree: yaml.Node) -> bool:
    """A document without content, as after a lone `---`."""
    return _is_null(tree) and not tree.value


def _is_json(tree: yaml.Node | None) -> bool:
    """Whether the file keeps to JSON as far as its own braces and first key, if it has one, show."""
    if not isinstance(tree, yaml.MappingNode) or not tree.flow_style:
        return False
    return not tree.value or tree.value[0][0].style == '"'
