"""A clinician works in the admin."""

from __future__ import annotations

import subprocess
import sys

import pytest
from playwright.sync_api import Page, expect

from tests import PASSWORD
from tests.browser.visitor import ANSWER, assert_fits, log_in, sign_up
from tests.site import ROOT, Site

ADMIN = "admin@example.org"


@pytest.fixture(scope="session")
def administrator(site: Site) -> str:
    fields = {"DJANGO_SUPERUSER_EMAIL": ADMIN, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    command = [sys.executable, "manage.py", "createsuperuser", "--noinput"]
    subprocess.run(command, cwd=ROOT, env=site.environment | fields, check=True)
    return ADMIN


@pytest.mark.parametrize("size", [(360, 740), (1440, 900)], ids=["small phone", "desktop"])
def test_a_review_is_recorded_and_shown_to_the_person(
    page: Page, administrator, lesion, choose, size
):
    width, height = size
    page.set_viewport_size({"width": width, "height": height})
    owner = sign_up(page)
    choose(lesion())
    page.get_by_role("button", name="Analyse").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(ANSWER, timeout=30_000)
    result = page.url
    page.context.clear_cookies()

    page.goto("/admin/")
    log_in(page, administrator)
    page.wait_for_url("/admin/")
    assert_fits(page)
    page.get_by_role("link", name="Submissions", exact=True).first.click()
    page.locator("#searchbar").fill(owner)
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**/?q=**")
    assert_fits(page)
    page.get_by_role("link", name=owner).click()
    page.wait_for_url("**/change/**")
    assert_fits(page)
    picture = page.get_by_role("img", name="The picture sent in")
    assert picture.evaluate("image => image.naturalWidth") > 0
    page.get_by_label("Diagnosis").select_option("Benign")
    page.get_by_label("Comment").fill("A regular network.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    page.goto(result)
    expect(page.get_by_text("A clinician's review: benign.")).to_be_visible()
    expect(page.get_by_text("A regular network.")).to_be_visible()
