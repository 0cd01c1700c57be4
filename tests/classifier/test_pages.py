"""Every page has strict headers and a strict policy, and says what the site is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db import OperationalError
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from classifier.models import Submission
from tests.classifier.addresses import ROUTES
from tests.classifier.markup import HTMX, Page
from tests.factories import ModelVersionFactory, SubmissionFactory

pytestmark = pytest.mark.django_db
FOOTER = "For education and research only. SkinSite is not a medical device"
#: A template of django-simple-history holds this. The policy stops the style, so that the page
#: shows a line.
FOREIGN = {"<p style='border-top: 0'>"}
TEMPLATES = Path(__file__).parents[2] / "templates"


def assert_strict(answer: HttpResponse) -> None:
    """Check that a page's policy forbids all that is not the site's own, and that it is kept."""
    policy = answer["Content-Security-Policy"].split("; ")
    assert not [part for part in policy if "unsafe" in part or "http" in part]
    for directive in ("default-src 'none'", "script-src 'self'", "style-src 'self'"):
        assert directive in policy
    for directive in ("frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
        assert directive in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]
    if not answer["Content-Type"].startswith("text/html"):
        return
    page = Page(answer.content)
    assert set(page.inline) <= FOREIGN
    assert [url for url in page.loaded if re.match(r"(\w+:)?//", url)] == []
    for url in page.loaded:
        if url.startswith("/static/"):
            assert finders.find(url.removeprefix("/static/")), url


@pytest.mark.parametrize("name", ROUTES)
def test_no_page_holds_scripts_styles_or_handlers_or_loads_them_from_elsewhere(
    name, browsers, path_of
):
    for role in ["superuser"] if "admin" in name else ["anonymous", "owner"]:
        answer = browsers[role].get(path_of(name), follow=True)
        answer.close()
        assert answer.status_code < 500
        assert_strict(answer)


#: These are pictures, and say for how long a browser may keep them.
KEPT = {
    "result_image",
    "result_copy",
    "result_thumbnail",
    "result_heat_map",
    "sample_heat_map",
    "model_figure",
    "model_version_figure",
}


def assert_kept_by_nobody(answer: HttpResponse) -> None:
    assert {"no-store", "private"} <= set(answer["Cache-Control"].split(", "))


@pytest.mark.parametrize("role", ["anonymous", "owner", "superuser"])
def test_pages_are_kept_by_no_cache(role, browsers, path_of):
    # Samples are nobody's, so that a stranger's browser may keep their pages.
    samples = {"samples", "sample"} if role == "anonymous" else set()
    for name in ROUTES.keys() - KEPT - samples:
        answer = browsers[role].get(path_of(name), follow=True)
        answer.close()
        assert_kept_by_nobody(answer)


def test_a_picture_that_is_not_there_is_kept_by_nobody(browsers, path_of, media):
    # Heat maps of samples are in the bundle, and belong to nobody.
    paths = [path_of(name) for name in KEPT - {"sample_heat_map"}]
    for file in [file for file in media.rglob("*") if file.is_file()]:
        file.unlink()
    for path in paths:
        answer = browsers["owner"].get(path)
        assert answer.status_code == 404
        assert_kept_by_nobody(answer)


@pytest.mark.parametrize("name", ["home", "about", "upload", "history", "result", "delete"])
@pytest.mark.parametrize("role", ["anonymous", "owner"])
def test_every_page_says_that_it_makes_no_diagnosis(name, role, browsers, path_of):
    page = Page(browsers[role].get(path_of(name), follow=True).content)
    assert FOOTER in page.text


@pytest.mark.parametrize("name", ["home", "about"])
def test_the_public_pages_say_it_first_of_all(name, client, path_of):
    assert "This is not a diagnosis." in Page(client.get(path_of(name)).content).text


@pytest.mark.parametrize(
    "name", ["result", "result_status", "history", "home", "samples", "sample"]
)
def test_wherever_a_result_is_shown_it_is_said_beside_it(name, browsers, path_of):
    headers = HTMX if name == "result_status" else {}
    page = Page(browsers["owner"].get(path_of(name), headers=headers).content)
    beside = page.text.replace(FOOTER, "")
    assert re.search("not a diagnosis|no result here is a diagnosis", beside)


@pytest.mark.parametrize(
    "name", ["home", "about", "upload", "history", "result", "delete", "samples", "sample"]
)
def test_labels_and_ids_fit_together(name, browsers, path_of):
    page = Page(browsers["owner"].get(path_of(name)).content)
    assert len(page.ids) == len(set(page.ids))
    assert set(page.described) <= set(page.ids)


def test_home_is_for_newcomers(client, owner_client):
    assert reverse("account_signup") in client.get("/").content.decode()
    assert reverse("account_signup") not in owner_client.get("/").content.decode()


def test_about_shows_the_active_model(client):
    assert client.get("/about/").status_code == 200
    ModelVersionFactory(version="0.0.2")
    ModelVersionFactory(is_active=True, sha256="a1" * 32)
    text = Page(client.get("/about/").content).text
    assert "seven-stage 0.0.1" in text
    assert "a1" * 32 in text
    assert "0.0.2" not in text


def test_a_page_that_is_not_there_is_answered_like_any_other(client, owner_client):
    for browser in (client, owner_client):
        answer = browser.get("/no/such/page/")
        assert answer.status_code == 404
        assert FOOTER in Page(answer.content).text


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "411", "413", "429", "500"])
def test_pages_for_errors_need_nothing(name):
    page = Page(render_to_string(f"{name}.html"))
    assert page.inline == []
    assert len(page.text) > 40


@pytest.mark.parametrize(
    ("error", "status", "again_in"),
    [(RuntimeError, 500, None), (OperationalError, 503, "30")],
    ids=["of ours", "the database is away"],
)
def test_an_error_is_a_page_and_tells_nothing(owner_client, monkeypatch, error, status, again_in):
    def fail(*args: object) -> None:
        raise error("the secret inner life of the site")

    monkeypatch.setattr(Submission.objects.__class__, "owned_by", fail)
    owner_client.raise_request_exception = False
    answer = owner_client.get("/history/")
    assert (answer.status_code, answer.get("Retry-After")) == (status, again_in)
    assert b"secret inner life" not in answer.content
    assert_kept_by_nobody(answer)
    text = Page(answer.content).text
    assert "try again" in text
    assert ("back in a moment" in text) == (status == 503)


def test_a_form_that_was_open_too_long_asks_to_be_sent_again():
    answer = Client(enforce_csrf_checks=True).post(reverse("account_login"))
    assert answer.status_code == 403
    assert "Please send that again" in Page(answer.content).text
    assert_kept_by_nobody(answer)


def test_another_host_name_is_refused(client):
    answer = client.get("/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert_kept_by_nobody(answer)


def test_the_way_back_to_a_page_leads_through_the_login(client, owner):
    submission = SubmissionFactory(owner=owner)
    path = reverse("result", args=[submission.pk])
    assert client.get(path).url == f"{reverse('account_login')}?next={path}"


def test_templates_hold_no_inline_code():
    for template in TEMPLATES.rglob("*.html"):
        assert Page(template.read_text()).inline == [], template
