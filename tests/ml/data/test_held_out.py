"""The pictures that no network may learn from stay the same ones for good."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from ml.data import held_out
from ml.data.manifest import Sample
from ml.errors import InputError
from tests.site import ROOT

LISTS = {
    "ham10000": (1499, "241360c0cf481cd482ac3fb2334bb90fba69c38d3ff10a9501a7fea733e4486c"),
    "isic2017": (3, "3f471a9ea18ad5732e9c0e4db7631301020c83103a42187349bc280b127b9641"),
    "milk10k": (1562, "b950641b1dc619584593e35bd565be26ab640f7cd1d3dd0aba8fd9c3915b0066"),
}


@pytest.mark.parametrize("source", LISTS)
def test_the_list_is_the_one_that_was_chosen(source):
    number, digest = LISTS[source]
    names = sorted(held_out.names(source))
    assert len(names) == number
    assert hashlib.sha256("\n".join(names).encode()).hexdigest() == digest


def test_a_list_is_kept_of_three_collections():
    assert held_out.sources() == sorted(LISTS)
    assert held_out.names("bcn20000") == frozenset()


def test_the_samples_of_the_site_are_held_out():
    told = json.loads((ROOT / "static/samples/pictures.json").read_text())
    assert {picture["isic_id"] for picture in told["pictures"]} == held_out.names("isic2017")


def sample(name):
    return Sample(Path(f"/pictures/{name}.jpg"), "nv")


def test_a_collection_is_divided_by_its_list():
    listed = sorted(held_out.names("ham10000"))
    others = ["ISIC_0000000", "ISIC_0000001"]
    rest, chosen = held_out.divide([sample(name) for name in (*listed, *others)], "ham10000")
    assert [one.path.stem for one in rest] == others
    assert [one.path.stem for one in chosen] == listed


def test_a_collection_without_its_held_out_pictures_is_refused():
    with pytest.raises(InputError, match="1499 held-out pictures of ham10000 are not"):
        held_out.divide([sample("ISIC_0000000")], "ham10000")


def test_a_collection_without_a_list_names_those_with_one():
    with pytest.raises(InputError, match=r"ham10000.*milk10k"):
        held_out.divide([sample("a")], "bcn20000")
