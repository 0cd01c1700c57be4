"""All tests share these settings of Hypothesis and of pytest."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings

# A loaded machine is slow now and then, so that neither a deadline nor a slow draw says anything.
settings.register_profile("skinsite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("skinsite")


def pytest_configure() -> None:
    """Let SIGTERM end a run as Ctrl-C does, so that fixtures stop the processes they started."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
