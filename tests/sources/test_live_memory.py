"""What a scan holds is let go of when it ends: several clusters are read one after the other."""

from __future__ import annotations

import gc
from pathlib import Path

from auditor.inventory import Inventory
from auditor.model import Node
from tests.apiserver import ApiServer
from tests.apistore import Store
from tests.sources.scanning import named, pod, scan


def test_a_scan_leaves_no_inventory_behind(tmp_path: Path) -> None:
    """The collector runs seldom: in a ring of references, all that was read of one cluster outlives the next ones."""
    store = Store()
    store.add("v1", "namespaces", [named("kube-system"), named("shop")])
    store.add("v1", "pods", [pod("a", "shop")])
    with ApiServer(store) as server:
        scan(server, tmp_path)  # what is imported by then is there to stay
        gc.collect()
        gc.disable()
        try:
            scan(server, tmp_path)
            assert not [left for left in gc.get_objects() if isinstance(left, Inventory)]
        finally:
            gc.enable()


def test_equal_images_of_nodes_are_held_once(tmp_path: Path) -> None:
    images = [{"names": ["registry.example/app:1"], "sizeBytes": 7}, {"names": ["registry.example/other:1"]}]
    store = Store()
    store.add("v1", "nodes", [{**named(name), "status": {"images": images}} for name in ("n1", "n2", "n3")])
    store.add("v1", "pods", [pod("a", nodeName="n1"), pod("b", nodeName="n2")])
    with ApiServer(store) as server:
        nodes: tuple[Node, ...] = scan(server, tmp_path).snapshot.nodes
    assert [[image.used for image in node.images] for node in nodes] == [[True, False], [True, False], [False, False]]
    assert nodes[0].images[0] is nodes[1].images[0]
    assert nodes[0].images[1] is nodes[2].images[1]
