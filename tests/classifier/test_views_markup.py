"""A machine can read every page aloud by its language, headings, names and labels."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from classifier.views.submissions.history import PER_PAGE
from tests.classifier.addresses import ROUTES
from tests.classifier.markup import HTMX, Page
from tests.factories import ReviewFactory, SubmissionFactory, picture

pytestmark = pytest.mark.django_db
#: A person fills in these controls, except for inputs of the second types.
FILLED_IN = ("input", "select", "textarea")
UNLABELLED = ("hidden", "submit", "button")
#: These elements have no end tag.
VOID = ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr")
#: These addresses do not answer with a page but with data, a picture, a part of a page, or an
#: empty 405.
NO_PAGE = {
    "healthz",
    "readyz",
    "monitoring",
    "monitoring_parts",
    "result_image",
    "result_copy",
    "result_thumbnail",
    "result_status",
    "result_scale",
    "retry",
    "note",
    "waiting",
}
NO_PAGE |= {
    "result_heat_map",
    "account_export",
    "sample_heat_map",
    "use_sample",
    "model_figure",
    "model_version_figure",
    "admin:jsi18n",
    "admin:logout",
}
#: These controls are Django's own. Two halves of a date share one legend, and a hidden name is
#: there for password stores.
FOREIGN = ["username", "last_login_0", "last_login_1", "date_joined_0", "date_joined_1"]


class Outline(Page):
    """This is what a screen reader makes of a page.

    Attributes:
        lang: the language the document states.
        headings: levels of all headings in their order.
        title: the title of the document.
        unnamed: links, buttons and pictures without a name, and controls without a label.
    """

    def __init__(self, html: bytes | str) -> None:
        self.lang = self.title = ""
        self.headings: list[int] = []
        self.unnamed: list[str] = []
        self.labels: set[str] = set()
        self.controls: list[tuple[str, str]] = []
        self.open: list[tuple[str, str, list[str]]] = []
        super().__init__(html)
        self.unnamed += [shown for shown, key in self.controls if key not in self.labels]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        given = {name: value or "" for name, value in attrs}
        shown = self.get_starttag_text() or tag
        name = given.get("aria-label") or given.get("aria-labelledby") or given.get("title") or ""
        if tag == "html":
            self.lang = given.get("lang", "")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "label":
            self.labels.add(given.get("for", ""))
        if tag == "img":
            # A picture that only decorates may have an empty text, but every picture must have one.
            if "alt" not in given:
                self.unnamed.append(shown)
            self._name(given.get("alt", ""))
        inside_label = any(opened == "label" for opened, *_ in self.open)
        if tag in FILLED_IN and given.get("type") not in UNLABELLED and not (name or inside_label):
            self.controls.append((shown, given.get("id", "no id")))
        if tag not in VOID:
            self.open.append((tag, shown, [name] if name else []))

    def handle_endtag(self, tag: str) -> None:
        super().handle_endtag(tag)
        while self.open:
            opened, shown, names = self.open.pop()
            if opened in ("a", "button") and not "".join(names).strip():
                self.unnamed.append(shown)
            if opened == "title":
                self.title = self.title or "".join(names).strip()
            if opened == tag:
                break

    def handle_data(self, data: str) -> None:
        super().handle_data(data)
        self._name(data)

    def _name(self, text: str) -> None:
        for _, _, names in self.open:
            names.append(text)


def assert_readable(html: bytes | str) -> Outline:
    page = Outline(html)
    assert page.lang.startswith("en")
    assert page.title
    assert page.headings.count(1) == 1, page.headings
    assert page.unnamed == []
    assert page.inline == []
    return page


def test_the_outline_itself_finds_what_is_wrong():
    html = """<html lang="de"><title>A</title><h1>One</h1><h1>Two</h1><img src="a.png">
        <a href="/"><svg></svg></a><button></button><input id="x"><label for="y">No</label>
        <a href="/"><img src="b.png" alt="Home"></a><label>In <input></label>
        <button aria-label="Close"></button><select id="y"></select><input type="hidden"></html>"""
    page = Outline(html)
    assert (page.lang, page.title, page.headings) == ("de", "A", [1, 1])
    wrong = ['<img src="a.png">', '<a href="/">', "<button>", '<input id="x">']
    assert page.unnamed == wrong


OWN = [name for name in ROUTES if "admin" not in name and name not in NO_PAGE]


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("role", ["anonymous", "owner"])
def test_every_page_is_readable(name, role, browsers, path_of):
    answer = browsers[role].get(path_of(name), follow=True)
    assert answer["Content-Type"].startswith("text/html")
    assert_readable(answer.content)


@pytest.mark.parametrize("name", sorted({*ROUTES} - NO_PAGE - {*OWN}))
def test_every_page_of_the_admin_names_its_controls(name, browsers, path_of):
    page = Outline(browsers["superuser"].get(path_of(name), follow=True).content)
    assert page.lang.startswith("en")
    assert page.title
    assert page.headings.count(1) == 1
    unnamed = [re.search(r'name="(\w+)"', control) for control in page.unnamed]
    assert [found and found[1] for found in unnamed if not (found and found[1] in FOREIGN)] == []


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"running": True},
        {"failed": True},
        {"rejected": True},
        {"done": True},
        {"done__explained": True},
    ],
)
def test_a_result_is_readable_in_every_state(owner, owner_client, state):
    submission = SubmissionFactory(owner=owner, **state)
    SubmissionFactory(owner=owner, done=True)
    if submission.is_done:
        ReviewFactory(submission=submission)
    page = assert_readable(owner_client.get(reverse("result", args=[submission.pk])).content)
    # The part that htmx replaces brings the heading that goes with it.
    part = Outline(
        owner_client.get(reverse("result_status", args=[submission.pk]), headers=HTMX).content
    )
    assert part.headings.count(1) == 1
    assert part.unnamed == []
    assert page.headings[0] == 1


@pytest.mark.parametrize("query", [{}, {"page": 2}, {"date_from": "soon"}, {"verdict": "benign"}])
def test_a_full_history_is_readable(owner, owner_client, query):
    stored = {"image": "a.jpg", "thumbnail": "a.jpg"}
    SubmissionFactory.create_batch(PER_PAGE + 1, owner=owner, **stored)
    SubmissionFactory(owner=owner, done=True)
    assert_readable(owner_client.get(reverse("history"), query).content)


def test_an_empty_history_is_readable(owner_client):
    assert_readable(owner_client.get(reverse("history")).content)


def test_an_upload_that_is_refused_in_part_is_readable(owner_client):
    files = [
        SimpleUploadedFile("mole.jpg", picture()),
        SimpleUploadedFile("letter.jpg", b"Dear doctor"),
    ]
    answer = owner_client.post(reverse("upload"), {"images": files})
    assert answer.status_code == 422
    assert_readable(answer.content)


@pytest.mark.parametrize("name", ["account_login", "account_signup", "account_reset_password"])
def test_a_form_with_errors_is_readable(client, name):
    answer = client.post(reverse(name), {"email": "no address"})
    assert "errorlist" in answer.content.decode()
    assert_readable(answer.content)


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "411", "413", "429", "500"])
def test_pages_for_errors_are_readable(name):
    assert_readable(render_to_string(f"{name}.html"))


def test_no_two_pages_of_the_site_have_one_title(browsers: dict[str, Client], path_of):
    names = ["upload", "history", "result", "about", "delete", "account_email"]
    pages = [Outline(browsers["owner"].get(path_of(name)).content) for name in names]
    assert len({page.title for page in pages}) == len(names)
