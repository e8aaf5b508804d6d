"""Makes `messages.py`: the protobuf descriptor of the declared fields, and what fills the Structs from messages.

It is what protoc does for published schemas, done for the part of them that is declared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from google.protobuf.descriptor_pb2 import EDITION_2023, DescriptorProto, FieldDescriptorProto, FileDescriptorProto

from auditor.wire.fields import Base64, EncodedJson, Number, OfPod, Sparse, Time, Undecoded, Wire
from auditor.wire.lists import ListMeta, Status
from auditor.wire.resources import PROTOBUF

_STRING, _BYTES = FieldDescriptorProto.TYPE_STRING, FieldDescriptorProto.TYPE_BYTES
_SCALARS = {str: _STRING, int: FieldDescriptorProto.TYPE_INT64, bool: FieldDescriptorProto.TYPE_BOOL}

_HEAD = '''\
"""Protobuf into the declared Structs. Made from them by `python -m auditor.documentation`: not to be edited."""

# fmt: off
# ruff: noqa
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

'''


class Declaration(NamedTuple):
    """A field of a Struct: its number, and of what type it is, or a list of what."""

    name: str
    number: Number
    type: Any
    many: bool


def declarations(struct: type[Wire]) -> Iterator[Declaration]:
    """The fields in their order."""
    hints = get_type_hints(struct, include_extras=True)
    for name in struct.__struct_fields__:
        hint = hints[name]
        numbered = get_origin(hint) is Annotated
        number = hint.__metadata__[0] if numbered else Number()
        yield Declaration(name, number, *_inner(hint.__origin__ if numbered else hint))


def _inner(hint: Any) -> tuple[Any, bool]:
    if isinstance(hint, UnionType):
        hint = next(part for part in get_args(hint) if part is not type(None))
    return (_inner(get_args(hint)[0])[0], True) if get_origin(hint) is list else (hint, False)


def _differs(struct: Any) -> bool:
    """Whether a Struct stands for messages of several kinds that number its fields differently."""
    return _is_struct(struct) and any(field.number.of_kinds or _differs(field.type) for field in declarations(struct))


def _is_struct(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Wire)


class _Messages:
    """What has been made so far. A message holds those in it as bytes, and each is parsed for itself: an object for a
    nested message costs more than that, and of parts that repeat, equal ones are decoded only once (`values.Seen`)."""

    def __init__(self) -> None:
        self.messages: dict[str, DescriptorProto] = {}
        self.functions: dict[str, str] = {}
        self.repeated: set[str] = set()
        self.marks: dict[str, bytes] = {}
        self.structs: set[type] = set()
        self._add("Time", "seconds", 1, _SCALARS[int])
        for name, kind, value in (("Entry", _STRING, "m.value"), ("EncodedEntry", _BYTES, "base64(m.value)")):
            self._add(name, "key", 1, _STRING)
            self._add(name, "value", 2, kind)
            self._define(name, "tuple[str, str]", {}, f"(m.key, {value})")

    def fill(self, struct: type[Wire], kind: str = "") -> str:
        """The name of the message that fills a Struct, and of the function that does it; both are made if need be."""
        name = struct.__name__ + (kind if _differs(struct) else "")
        if name in self.functions:
            return name
        self.messages[name] = DescriptorProto(name=name)
        self.structs.add(struct)
        of_pod = any(isinstance(field.number, OfPod) for field in declarations(struct))
        inner = {"token": "token_volume(m.volumes)"} if of_pod else {}
        values = []
        for field, default in zip(declarations(struct), struct.__struct_defaults__, strict=True):
            path = field.number.path(kind)
            if not path:
                values.append("None" if default is None else "NOTHING")
            elif field.many and len(path) > 1:
                values.append(self._embedded(name, field, path))
            else:
                at, message = "m", name
                for number in path[:-1]:
                    holder, parent = at, message
                    at, message = f"{at}_{number}", f"{message}In{number}"
                    if at not in inner:
                        inner[at] = f"{_parse(message)}({holder}.in_{number})"
                        self._add(parent, f"in_{number}", number, _BYTES)
                values.append(self._value(message, at, field, kind))
        arguments = "".join(f"\n            {value}," for value in values)
        self._define(name, struct.__name__, inner, f"{struct.__name__}({arguments}\n        )")
        return name

    def _define(self, name: str, result: str, inner: Mapping[str, str], value: str) -> None:
        lines = [f"m = {_parse(name)}(part)", *(f"{local} = {found}" for local, found in inner.items())]
        body = "".join(f"        {line}\n" for line in (*lines, f"return {value}"))
        self.functions[name] = f"    def {_fill(name)}(part: bytes | memoryview) -> {result}:\n{body}"

    def _value(self, message: str, at: str, field: Declaration, kind: str) -> str:
        """The expression for a field's value; the field is added to the message that holds it."""
        number = field.number.path(kind)[-1]
        value = f"{at}.{field.name}"
        given = f'if {at}.HasField("{field.name}") else None'
        if isinstance(field.number, Sparse):
            part = self.fill(field.type)
            self.repeated.add(part)
            self.marks[part] = field.number.mark
            return f"sparse(part, {number}, {_mark(part)}, {_seen(part)})"
        if get_origin(field.type) is dict:
            entry = "EncodedEntry" if isinstance(field.number, Base64) else "Entry"
            return f"dict({self._repeated(message, value, number, field, entry)}) or None"
        if isinstance(field.number, OfPod):
            self._repeated(message, value, number, field, self.fill(field.type))
            return f"of_pod({value}, token, {_seen(self.fill(field.type))})"
        if _is_struct(field.type) and field.many:
            return self._repeated(message, value, number, field, self.fill(field.type))
        scalar = _BYTES if isinstance(field.number, Time) else _SCALARS.get(field.type, _BYTES)
        self._add(message, field.name, number, scalar, many=field.many or field.type is Undecoded)
        if isinstance(field.number, Time):
            return f"time({_parse('Time')}({value}).seconds)"
        if isinstance(field.number, EncodedJson):
            self.structs.add(field.type)
            return f"decode_object({field.type.__name__}, {value}) {given}"
        if _is_struct(field.type) and not field.type.__struct_fields__:
            self.structs.add(field.type)
            return f"{field.type.__name__}() {given}"
        if _is_struct(field.type):
            return f"{_fill(self.fill(field.type, kind))}({value}) {given}"
        if field.many or field.type is Undecoded:
            return f"list({value})"
        return f"{value} or None" if field.type is str else f"{value} {given}"

    def _repeated(self, message: str, value: str, number: int, field: Declaration, part: str) -> str:
        self._add(message, field.name, number, _BYTES, many=True)
        self.repeated.add(part)
        return f"[{_seen(part)}[part] for part in {value}]"

    def _embedded(self, message: str, field: Declaration, path: tuple[int, ...]) -> str:
        """A list of messages of which only the one is read that Go embeds in them."""
        outer, number = path
        wrapper = f"{message}In{outer}"
        part = self.fill(field.type)
        self._add(message, field.name, outer, _BYTES, many=True)
        self._add(wrapper, "inner", number, _BYTES)
        self.repeated.add(part)
        return f"[{_seen(part)}[{_parse(wrapper)}(part).inner] for part in m.{field.name}]"

    def _add(self, message: str, name: str, number: int, type: int, *, many: bool = False) -> None:  # noqa: A002
        field = self.messages.setdefault(message, DescriptorProto(name=message)).field.add(name=name, number=number)
        field.type = type  # type: ignore[assignment]
        field.label = FieldDescriptorProto.LABEL_REPEATED if many else FieldDescriptorProto.LABEL_OPTIONAL


def module() -> str:
    """The text of `auditor/wire/messages.py`."""
    made = _Messages()
    items = {resource.kind: made.fill(resource.type, resource.kind) for resource in PROTOBUF}
    items |= {struct.__name__: made.fill(struct) for struct in (ListMeta, Status)}
    file = FileDescriptorProto(name="auditor.proto", package="auditor", syntax="editions", edition=EDITION_2023)
    file.message_type.extend(made.messages.values())
    imports = defaultdict(list)
    for struct in made.structs:
        imports[struct.__module__].append(struct.__name__)
    imports["auditor.wire.decoding"] = ["decode_object"]
    imports["auditor.wire.fields"] = ["NOTHING"]
    imports["auditor.wire.values"] = ["Seen", "base64", "of_pod", "sparse", "time", "token_volume"]
    return "".join(
        (
            _HEAD,
            *(f"from {name} import {', '.join(sorted(imports[name]))}\n" for name in sorted(imports)),
            "\n_POOL = DescriptorPool()\n_POOL.AddSerializedFile(\n",
            *(f"    {line!r}\n" for line in _cut(file.SerializeToString(deterministic=True))),
            ")\n\n\ndef _parser(name: str) -> Any:\n",
            '    return GetMessageClass(_POOL.FindMessageTypeByName(f"auditor.{name}")).FromString\n\n\n',
            *(f'{_parse(name)} = _parser("{name}")\n' for name in sorted(made.messages)),
            *(f"{_mark(name)} = re.compile({mark!r})\n" for name, mark in sorted(made.marks.items())),
            "\n\ndef readers() -> dict[str, Callable[[bytes | memoryview], Any]]:\n",
            '    """By kind, what decodes an object of it: for one page, since it keeps what repeats."""\n',
            *(f"\n{made.functions[name]}" for name in sorted(made.functions)),
            "\n",
            *(f"    {_seen(name)} = Seen({_fill(name)})\n" for name in sorted(made.repeated)),
            "    return {\n",
            *(f'        "{kind}": {_fill(name)},\n' for kind, name in items.items()),
            "    }\n",
        )
    )


def _fill(name: str) -> str:
    return f"fill_{name}"


def _parse(name: str) -> str:
    return f"_parse_{name}"


def _mark(name: str) -> str:
    return f"_MARK_{name}"


def _seen(name: str) -> str:
    return f"seen_{name}"


def _cut(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), 64):
        yield data[start : start + 64]
