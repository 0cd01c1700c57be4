from __future__ import annotations

from collections import Counter
from dataclasses import fields
from pathlib import Path

import pytest

from ml.data.manifest import Sample, read_samples, write_manifest
from ml.judging.quality import HIGHEST, LOWEST, Quality
from ml.measuring.quality_limits import QUANTILES, drawn, measure_all, shares_refused
from tests.lesions import render
from tests.ml.conftest import write_diagnoses


@pytest.fixture
def samples(tmp_path):
    found = read_samples(write_diagnoses(tmp_path / "set", 5, ["mel", "nv"], size=(320, 240)))
    render(1, (90, 80)).save(found[0].path)
    render(1, (320, 240)).point(lambda level: level // 6).save(found[1].path)
    return found


def test_each_limit_is_counted_by_what_it_refuses(samples):
    found = shares_refused(measure_all(samples))
    assert found["pictures"] == 10
    assert found["each"].keys() == LOWEST.keys() | HIGHEST.keys()
    assert found["each"]["smallest_side"] == pytest.approx(0.1)
    assert found["each"]["brightest"] == pytest.approx(0.1)
    assert found["any"] >= 0.2
    assert found["quantiles"].keys() == {field.name for field in fields(Quality)}
    assert {len(values) for values in found["quantiles"].values()} == {len(QUANTILES)}
    assert found["quantiles"]["smallest_side"][0] < 100


def test_so_many_pictures_are_drawn_of_each_source_and_the_same_again():
    samples = [
        Sample(Path(f"/{index}"), "nv", details={"source": ("few", "many")[index > 2]})
        for index in range(20)
    ]
    chosen = drawn(samples, 5, seed=1)
    assert {name: len(found) for name, found in chosen.items()} == {"few": 3, "many": 5}
    assert chosen == drawn(samples, 5, seed=1)
    assert Counter(s.path for found in chosen.values() for s in found).most_common(1)[0][1] == 1


def test_the_command_writes_shares_by_source(samples, tmp_path, capsys):
    import json

    from ml.__main__ import main

    write_manifest(tmp_path / "some.csv", samples)
    options = ["quality", "--data", tmp_path / "some.csv", "--output", tmp_path / "shares.json"]
    assert main([str(option) for option in options]) == 0
    written = json.loads((tmp_path / "shares.json").read_text())["sources"]
    assert written["collection"]["each"]["smallest_side"] == pytest.approx(0.1)
    assert "smallest_side < " in capsys.readouterr().out
