"""The list of mechanisms is all of them, and what they read can be asked for."""

from __future__ import annotations

import importlib
import pkgutil

from auditor import enforcement, wire
from auditor.enforcement.mechanisms import MECHANISMS, RESOURCES


def test_every_mechanism_is_in_the_list() -> None:
    modules = [
        importlib.import_module(f"{enforcement.__name__}.{info.name}")
        for info in pkgutil.iter_modules(enforcement.__path__)
    ]
    found = {module.__name__ for module in modules if hasattr(module, "image_policies")}
    assert found == {mechanism.__name__ for mechanism in MECHANISMS}


def test_what_they_read_is_among_what_is_collected() -> None:
    assert set(RESOURCES) <= set(wire.BY_NAME) | {wire.CONSTRAINTS}
