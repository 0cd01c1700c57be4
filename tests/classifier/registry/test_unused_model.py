"""A site that chose its model long ago is told of the one that new sites use."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from classifier.models import ModelVersion
from classifier.services.registry.activate import activate_model, find_unused_model
from classifier.services.registry.register import register_bundle
from ml.packaging.bundle import find
from tests.classifier.markup import visible_text
from tests.classifier.reading.test_admin_actions import run_action
from tests.factories import ModelVersionFactory

pytestmark = pytest.mark.django_db
NEWEST = f"lesion-net {find('lesion-net').version}"
TOLD = f"{NEWEST} is newer than seven-stage 0.9.0, which still analyses new submissions."


@pytest.fixture
def old_site(time_machine) -> ModelVersion:
    """Return the active model of a site from before `lesion-net` and before choices had a date."""
    today = timezone.now()
    time_machine.move_to(today - timedelta(days=90), tick=True)
    chosen = ModelVersionFactory(version="0.9.0", is_active=True)
    time_machine.move_to(today, tick=True)
    return chosen


@pytest.fixture
def upgraded(old_site) -> ModelVersion:
    return register_bundle(find("lesion-net"))


def registering() -> str:
    out = StringIO()
    call_command("register_models", stdout=out)
    return out.getvalue()


@pytest.fixture
def one_bundle(settings, tmp_path):
    """Put only `lesion-net` on the disk, because a new `seven-stage` would replace the old one."""
    (tmp_path / "bundles").mkdir()
    (tmp_path / "bundles" / "lesion-net").symlink_to(find("lesion-net").directory)
    settings.BUNDLES_DIR = tmp_path / "bundles"


@pytest.mark.usefixtures("old_site", "one_bundle")
def test_registering_says_that_a_newer_model_is_not_in_use_until_it_is():
    for _ in range(2):
        assert TOLD in registering()
    activate_model(ModelVersion.objects.get(name="lesion-net"))
    assert registering() == f"{NEWEST}: active\n"


@pytest.mark.usefixtures("one_bundle")
def test_who_chooses_the_old_model_again_is_not_told_any_more(old_site, upgraded):
    activate_model(old_site)
    assert registering() == f"{NEWEST}: registered\n"


def test_a_new_site_is_told_nothing():
    assert "newer" not in registering()
    # Nor is a site told that has both and chooses the other one.
    activate_model(ModelVersion.objects.get(name="seven-stage"))
    assert "newer" not in registering()


@pytest.mark.usefixtures("old_site")
def test_a_later_model_that_no_new_site_uses_is_not_called_newer():
    ModelVersionFactory(name="somebodys-own", version="3.0.0")
    assert find_unused_model() is None


def test_a_site_without_an_active_model_is_told_nothing(superuser, login):
    ModelVersionFactory(name="lesion-net")
    page = login(superuser).get(reverse("admin:index"))
    assert "newer" not in visible_text(page.content)


@pytest.mark.usefixtures("upgraded")
def test_the_admin_says_so_on_its_pages_until_somebody_chooses(old_site, superuser, login):
    browser = login(superuser)
    for name in ("admin:index", "admin:classifier_submission_changelist", "operation"):
        page = browser.get(reverse(name))
        assert TOLD in visible_text(page.content)
        assert reverse("admin:classifier_modelversion_changelist") in page.content.decode()
    run_action(browser, "use_for_new_submissions", old_site)
    assert TOLD not in visible_text(browser.get(reverse("admin:index")).content)


@pytest.mark.usefixtures("upgraded")
def test_who_may_not_choose_is_not_asked_to(reviewer_client):
    page = reviewer_client.get(reverse("admin:index"))
    assert "newer" not in visible_text(page.content)
