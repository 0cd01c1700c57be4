"""The names of the answers a network can give, and which of them are malignant."""

from __future__ import annotations

BENIGN = "benign"
MALIGNANT = "malignant"

#: Order of the two binary classes; index 1 is the positive class of every binary score.
BINARY_CLASSES = (BENIGN, MALIGNANT)
