"""What may be imported where: TensorFlow costs seconds and hundreds of megabytes."""

from __future__ import annotations

import subprocess
import sys

import pytest


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
