"""What all tests share."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A loaded machine is slow now and then: neither a deadline nor the time to draw says anything.
settings.register_profile("skinsite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("skinsite")
