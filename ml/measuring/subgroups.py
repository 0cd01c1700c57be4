"""Sort test pictures into subgroups of patients, lesions or pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ml.data.dataset import read_sample
from ml.data.manifest import Sample
from ml.judging.parallel import map_in_threads
from ml.measuring.skin_tone import tone, typology_angle

#: Each age band begins at this age in years; the oldest band comes first.
AGES = ((70, "70 and older"), (50, "50 to 69"), (30, "30 to 49"), (0, "0 to 29"))
UNKNOWN = "not known"

#: In a subgroup of this kind, all members have the same label.
DIAGNOSIS = "diagnosis"


def subgroups(samples: Sequence[Sample]) -> dict[str, np.ndarray]:
    """Return, by kind, the name of the subgroup that each sample is in, ``str (n,)``.

    Raises:
        InputError: a picture cannot be decoded.
    """
    angles = map_in_threads(lambda sample: typology_angle(read_sample(sample)), samples)
    return {
        "sex": np.array([sample.details.get("sex", UNKNOWN) for sample in samples]),
        "age": np.array([age_band(sample.details.get("age", "")) for sample in samples]),
        "site": np.array([sample.details.get("site", UNKNOWN) for sample in samples]),
        "skin_tone": np.array([UNKNOWN if a is None else tone(a) for a in angles]),
        "skin_tone_class": np.array(
            [sample.details.get("skin_tone_class", UNKNOWN) for sample in samples]
        ),
        "source": np.array([sample.source or UNKNOWN for sample in samples]),
        "image_type": np.array([sample.image_type or UNKNOWN for sample in samples]),
        DIAGNOSIS: np.array([sample.label for sample in samples]),
    }


def age_band(age: str) -> str:
    """Return the band of an age in years, as a manifest writes it."""
    try:
        years = float(age)
    except ValueError:
        return UNKNOWN
    return next((name for start, name in AGES if years >= start), UNKNOWN)
