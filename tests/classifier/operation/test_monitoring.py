"""The dashboard and the alerts ask for figures that the site tells."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from classifier.models import Submission
from tests.factories import SubmissionFactory, picture
from tests.site import ROOT, TOKEN

FOLDER = ROOT / "deploy" / "monitoring"

DASHBOARD = json.loads((FOLDER / "grafana-dashboard.json").read_text())
PANELS = {panel["title"]: panel["targets"][0]["expr"] for panel in DASHBOARD["panels"]}
(GROUP,) = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
ALERTS = {rule["alert"]: rule["expr"] for rule in GROUP["rules"]}
#: Prometheus itself tells this figure of each site that it asks.
OF_PROMETHEUS = {"up"}


@pytest.fixture
def told(client, owner_client, settings) -> dict[str, set[str]]:
    """Return the names of all figures and of their labels, of a site that has done something."""
    SubmissionFactory.create_batch(2, done=True), SubmissionFactory(rejected=True)
    Submission.objects.update(finished_at=timezone.now(), started_at=timezone.now())
    file = SimpleUploadedFile("mole.jpg", picture(), "image/jpeg")
    owner_client.post(reverse("upload"), {"images": [file]})
    settings.METRICS_TOKEN = TOKEN
    token = {"authorization": f"Bearer {TOKEN}"}
    pages = ("monitoring", "monitoring_parts")
    text = "".join(client.get(reverse(page), headers=token).content.decode() for page in pages)
    found: dict[str, set[str]] = {}
    for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? ", text, re.MULTILINE):
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("expression", [*PANELS.values(), *ALERTS.values()])
def test_what_is_asked_for_is_told(told, expression):
    names = set(re.findall(r"\b(skinsite_\w+|up)\b", expression))
    assert names
    assert names <= set(told) | OF_PROMETHEUS
    asked = {
        label.strip()
        for labels in re.findall(r"by \(([^)]*)\)", expression)
        for label in labels.split(",")
    } | set(re.findall(r"(\w+)=~?\"", expression))
    known = {label for name in names for label in told.get(name, {"job"})}
    assert asked <= known


@pytest.mark.django_db
def test_every_figure_of_the_site_has_a_panel_or_an_alert(told):
    expressions = " ".join([*PANELS.values(), *ALERTS.values()])
    # Prometheus tells a histogram and a counter by several names.
    names = {re.sub("_(bucket|count|created|sum|total)$", "", name) for name in told}
    for name in names:
        assert name in expressions or not name.startswith("skinsite_")


def test_every_panel_has_a_place_of_its_own():
    places = [tuple(panel["gridPos"].values()) for panel in DASHBOARD["panels"]]
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(set(places)) == len(places)


def test_every_alert_says_what_is_wrong():
    for rule in GROUP["rules"]:
        assert rule["annotations"]["summary"].endswith((".", "?"))
        assert rule["labels"]["severity"] in ("page", "ticket")
