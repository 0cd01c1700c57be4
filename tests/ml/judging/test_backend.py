from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
from ml.judging import backend
backend.start()
from tensorflow.python.util import _pywrap_util_port
print(_pywrap_util_port.IsMklEnabled())
"""


@pytest.mark.parametrize(("asked", "expected"), [(None, "True"), ("0", "False")])
def test_onednn_is_on_unless_the_environment_turns_it_off(asked, expected):
    environment = {n: v for n, v in os.environ.items() if n != "TF_ENABLE_ONEDNN_OPTS"}
    if asked is not None:
        environment["TF_ENABLE_ONEDNN_OPTS"] = asked
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == expected
