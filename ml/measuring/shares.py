"""Give shares of pictures an interval that is right near 0 and 1 too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ml.measuring.binary_metrics import Estimate


def share_of(count: int, total: int) -> Estimate:
    """Return a share with Wilson's 95 % interval, undefined where the total is 0.

    Wilson, Journal of the American Statistical Association 1927, describes the interval.
    """
    if total == 0:
        return Estimate(value=None, low=None, high=None)
    z = 1.96
    share, spread = count / total, z * z / total
    middle = (share + spread / 2) / (1 + spread)
    half = z * (share * (1 - share) / total + spread / (4 * total)) ** 0.5 / (1 + spread)
    return Estimate(value=share, low=max(0.0, middle - half), high=min(1.0, middle + half))


def share_where(holds: Iterable[bool]) -> Estimate:
    """Return the share of pictures for which something holds."""
    found = list(holds)
    return share_of(sum(map(bool, found)), len(found))


def count_names(names: Iterable[str]) -> dict[str, Any]:
    """Return how often each name occurs, except for the empty one."""
    found, numbers = np.unique([name for name in names if name], return_counts=True)
    return dict(zip(found.tolist(), numbers.tolist(), strict=True))
