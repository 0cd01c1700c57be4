"""Pages show the cards of the networks, with their figures."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import pytest
from django.urls import reverse

from classifier.markdown import to_card, to_html
from ml import card
from ml.packaging.bundle import find
from tests.classifier.fakes import keep_figure
from tests.classifier.markup import visible_text
from tests.factories import ModelVersionFactory, SubmissionFactory

pytestmark = pytest.mark.django_db
DISCLAIMER = "This is not a diagnosis."
CARD = "# lesion-net 2.0.0\n\nNot for triage.\n\n![A curve](figures/held-out-roc.png)\n"


@pytest.fixture
def read(client):
    def text_and_html(*address: str) -> tuple[str, str]:
        answer = client.get(reverse(address[0], args=address[1:]))
        assert answer.status_code == 200
        html = answer.content.decode()
        return visible_text(html), html

    return text_and_html


def test_the_list_names_every_network_the_active_one_first(read):
    ModelVersionFactory()
    measured = {"value": 0.9, "low": 0.85, "high": 0.95}
    scores = {
        "held_out": {
            "pictures": {"nv": 40, "mel": 10},
            "model": {"accuracy": measured, "sensitivity": dict.fromkeys(measured)},
            "at_operating_point": {"sensitivity": measured},
        },
        "de_leaked": {"pictures": {"benign": 7}, "model": {"accuracy": measured}},
        "official_split": {"pictures": {"benign": 9}, "model": {"accuracy": measured}},
    }
    ModelVersionFactory(seven=True, version="2.0.0", is_active=True, metrics=scores)
    text, _ = read("models")
    assert DISCLAIMER in text
    new, old = text.index("lesion-net 2.0.0"), text.index("seven-stage 0.0.1")
    assert new < text.index("Analyses new pictures.") < old
    assert old < text.index("Not in use for new pictures.")
    assert "Tells 7 answers apart" in text
    assert "basal cell carcinoma" in text
    assert "Tells 2 answers apart: benign and malignant" in text
    figure = "90.0 % (85.0 to 95.0 %)"
    assert "50 pictures of lesions of the HAM10000 collection that were kept apart" in text
    assert f"Malignant lesions it calls malignant or worth a look {figure}" in text
    assert "Malignant lesions it calls malignant 9" not in text  # it is not defined
    assert "7 test pictures of the Melanoma Cancer Image Dataset" in text
    assert text.count(f"right in all {figure}") == 2  # the set with near-duplicates has none


def test_the_list_of_a_site_without_networks(read):
    assert "No network is registered yet." in read("models")[0]


@pytest.mark.parametrize(
    "address", [("model", "lesion-net"), ("model_version", "lesion-net", "2.0.0")]
)
def test_a_card_shows_its_figure(client, read, address):
    version = ModelVersionFactory(seven=True, version="2.0.0", card=CARD)
    content = keep_figure(version, "held-out-roc")
    text, html = read(*address)
    assert "Not for triage." in text
    assert DISCLAIMER in text
    (source,) = re.findall(r'<img [^>]*src="([^"]*figures[^"]*)"', html)
    picture = client.get(urljoin(reverse(address[0], args=address[1:]), source))
    assert picture.status_code == 200
    assert picture["Content-Type"] == "image/png"
    assert b"".join(picture.streaming_content) == content
    picture.close()


def test_the_address_of_a_network_shows_the_version_in_use(read):
    for version in ("1.0.0", "2.0.0", "3.0.0"):
        text = f"# lesion-net {version}"
        ModelVersionFactory(seven=True, version=version, is_active=version == "2.0.0", card=text)
    assert "lesion-net 2.0.0" in read("model", "lesion-net")[0]
    assert "lesion-net 3.0.0" in read("model_version", "lesion-net", "3.0.0")[0]


def test_the_address_of_a_network_that_is_not_in_use_shows_its_newest_version(read):
    for version in ("1.0.0", "2.0.0"):
        ModelVersionFactory(seven=True, version=version, card=f"# lesion-net {version}")
    assert "lesion-net 2.0.0" in read("model", "lesion-net")[0]


def test_a_version_from_before_there_were_cards_says_so(read):
    ModelVersionFactory()
    text, _ = read("model_version", "seven-stage", "0.0.1")
    assert "This version was registered without one." in text


@pytest.mark.parametrize(
    "path",
    [
        "/models/other/",
        "/models/lesion-net/9.9.9/",
        "/models/other/figures/held-out-roc.png",
        "/models/lesion-net/figures/never-drawn.png",
        "/models/lesion-net/9.9.9/figures/held-out-roc.png",
        "/models/lesion-net/../figures/held-out-roc.png",
        "/models/lesion-net/%2e%2e/figures/held-out-roc.png",
    ],
)
def test_what_is_not_there_is_answered_with_404(client, path):
    keep_figure(ModelVersionFactory(seven=True, version="2.0.0"), "held-out-roc")
    assert client.get(path).status_code == 404


def test_markup_in_a_card_is_shown_and_not_obeyed():
    html = to_html(
        "# <b>Bold</b>\n\n<script>alert(1)</script>\n\n| a |\n| --- |\n| <img src=x onerror=y> |\n"
    )
    assert "<script" not in html
    assert "<b>" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_a_table_on_a_card_scrolls_and_tells_its_headings():
    html = to_html("| a | b |\n| --- | --- |\n| 1 | 2 |\n")
    assert html.count('<th scope="col">') == 2
    assert re.search(r'<div class="scroll" tabindex="0"[^>]*><table>', html)


def test_the_card_of_the_network_that_ships_is_laid_out(read):
    text = card.render(find("seven-stage"))
    ModelVersionFactory(card=text)
    _, html = read("model", "seven-stage")
    assert html.count("<table>") > 5
    assert "| ---" not in html
    assert re.search(r'<a href="#use">Use</a>', html)


def test_a_card_is_taken_apart_by_its_headings_with_the_figures_beside():
    text = """# Net

For study.

## Results

All of them.

### Held out

| a |
| --- |
| 1 |

![A curve](figures/roc.png)

## Limits & <b>more</b>

None.
"""
    found = to_card(text)
    assert "For study." in found.head
    assert [section.key for section in found.sections] == ["results", "limits-bmoreb"]
    results, limits = found.sections
    assert limits.title == "Limits &amp; &lt;b&gt;more&lt;/b&gt;"
    assert "All of them." in results.body
    (part,) = results.parts
    assert (part.key, part.title) == ("held-out", "Held out")
    assert "<table>" in part.body
    assert "img" not in part.body + results.body
    (figure,) = part.figures
    assert 'src="figures/roc.png"' in figure


def test_a_card_without_sections_is_its_head():
    assert to_card("# Net\n\nNothing.").sections == []
    assert to_card("") == ("", [])


def test_every_result_links_to_the_card_of_its_model(client, owner, owner_client):
    version = ModelVersionFactory(seven=True, version="2.0.0", card=CARD)
    done = SubmissionFactory(owner=owner, done__model_version=version)
    html = owner_client.get(reverse("result", args=[done.pk])).content.decode()
    assert f'href="{version.get_absolute_url()}"' in html
    assert client.get(version.get_absolute_url()).status_code == 200
