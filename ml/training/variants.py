"""These choices in training are compared, see `ml.training.ablation`."""

from __future__ import annotations

from typing import Any

#: Each variant has a name, a description of what it changes, and the settings that do so.
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "base": ("nothing", {}),
    "mild": ("mild changes of colour and size", {"augmentation": "mild"}),
    "without_artefacts": (
        "no synthetic hair, rulers, ink and dark corners",
        {"augmentation": "without_artefacts"},
    ),
    "without_sharpness": (
        "no random blur, resolution and JPEG quality",
        {"augmentation": "without_sharpness"},
    ),
    "last_weights": ("the last weights instead of their average", {"averaging": 0.0}),
    "classes_equal": ("every class of a source is drawn as often", {"class_balance": 1.0}),
    "pictures_equal": ("every picture of a source is drawn as often", {"class_balance": 0.0}),
    "prior_adjusted": (
        "the loss knows how common each diagnosis is in a source",
        {"prior_adjustment": True},
    ),
    "random_start": ("random first weights instead of ImageNet's", {"pretrained": False}),
}
