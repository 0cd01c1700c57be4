"""The settings of the site reach the analysis."""

from __future__ import annotations

import pytest

from classifier import predictors
from ml.judging.analysis import AnalysisSettings


@pytest.mark.parametrize("clinical_pictures", [True, False])
def test_the_settings_of_the_site_decide_how_pictures_are_analysed(settings, clinical_pictures):
    settings.CONFORMAL_COVERAGE, settings.TEST_TIME_AUGMENTATION = 0.8, True
    settings.CLINICAL_PICTURES = clinical_pictures
    analyst = predictors.make_analyst(network=None)
    assert analyst.keywords["settings"] == AnalysisSettings(
        coverage=0.8, symmetries=True, clinical_pictures=clinical_pictures
    )
