"""One option for each field of a group: what the command gets of them."""

from __future__ import annotations

from typing import Annotated

import pytest
import typer
from msgspec import Struct

from auditor.commands.options import grouped


class Fruit(Struct, frozen=True):
    kind: Annotated[str, typer.Option("--fruit")] = "apple"
    count: Annotated[list[int] | None, typer.Option("--count", min=1)] = None


class Bread(Struct, frozen=True):
    kind: Annotated[str, typer.Option("--bread")] = "rye"


def eat(
    guest: Annotated[str, typer.Argument()],
    fruit: Fruit,
    *,
    slowly: Annotated[bool, typer.Option("--slowly")] = False,
) -> int:
    """Eats."""
    print(guest, fruit, slowly)
    return 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ann"], "ann Fruit(kind='apple', count=None) False"),
        (
            ["ann", "--fruit", "pear", "--count", "2", "--count", "3", "--slowly"],
            "ann Fruit(kind='pear', count=[2, 3]) True",
        ),
    ],
)
def test_a_group_is_one_value_for_the_command(
    capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    app = typer.Typer()
    app.command()(grouped(eat))
    app(arguments, standalone_mode=False)
    assert capsys.readouterr().out == f"{told}\n"


def test_the_bounds_of_a_groups_options_hold() -> None:
    app = typer.Typer()
    app.command()(grouped(eat))
    with pytest.raises(typer.TyperException):
        app(["ann", "--count", "0"], standalone_mode=False)


def test_two_groups_may_not_share_a_name() -> None:
    def dine(*, fruit: Fruit, bread: Bread) -> int:
        return len(fruit.kind + bread.kind)

    with pytest.raises(ValueError, match="duplicate parameter name"):
        grouped(dine)
