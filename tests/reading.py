"""Measure how hard a text is to read, and take the prose of a page apart by its sections."""

from __future__ import annotations

import re
from html.parser import HTMLParser

#: A patient's text is for everybody who has finished this school year.
EASY = 7
#: These are left out: they are what the site is about, and pages explain them or doctors use them.
MEDICAL = (
    "actinic keratosis", "asymmetry", "basal cell carcinoma", "benign", "clinician", "clinicians",
    "dermatofibroma", "dermatologist", "dermoscope", "dermoscopic", "dermoscopy", "diagnoses",
    "diagnosis", "diameter", "intraepithelial carcinoma", "keratosis", "lesion", "lesions",
    "malignant", "melanocytic naevus", "melanoma", "millimetre", "millimetres", "photograph",
    "photographs", "squamous cell carcinoma", "vascular lesion",
)  # fmt: skip
_MEDICAL = re.compile(rf"\b(?:{'|'.join(MEDICAL)})\b", re.I)
#: These elements hold prose. A cell of a table or a label does not.
PROSE = ("p", "li", "dd", "legend")
SECTIONS = ("section", "details", "aside", "form", "main")
VOID = ("area", "br", "col", "hr", "img", "input", "link", "meta", "path", "rect", "stop", "circle")


def reading_grade(text: str) -> float:
    """Return the school year that a text asks for (Kincaid et al., 1975)."""
    text = _MEDICAL.sub("spot", text)
    sentences = [part for part in re.split(r"[.!?:](?:\s|$)", text) if re.search("[a-z]", part)]
    words = re.findall(r"[a-z]+", text.lower().replace("'", ""))
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", re.sub("e$", "", w)))) for w in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


class _Prose(HTMLParser):
    """Collects the prose of each section, under the section's first heading.

    Attributes:
        sections: the sentences of each section, by its id or heading.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self.names: dict[int, str] = {}
        self.opened: list[tuple[str, int]] = []
        self.inside = [0]
        self.pieces: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        given = dict(attrs)
        self.opened.append((tag, len(self.inside)))
        if tag in SECTIONS:
            self.inside.append(max(self.names, default=0) + 1)
            self.names[self.inside[-1]] = given.get("id") or ""
        if tag in (*PROSE, "h1", "h2", "h3"):
            self.pieces = []

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def handle_endtag(self, tag: str) -> None:
        while self.opened:
            closed, depth = self.opened.pop()
            if closed == tag:
                break
        else:
            return
        text = " ".join("".join(self.pieces).split())
        section = self.inside[-1]
        if tag in ("h1", "h2", "h3"):
            self.names[section] = self.names.get(section) or text
        elif tag in PROSE and len(text.split()) > 2:
            # An item of a list ends a thought, whatever sign it ends with.
            self.found.append((section, text if text[-1] in ".!?:" else f"{text}."))
        if tag in PROSE:
            self.pieces = []
        del self.inside[depth:]


def prose_of(html: bytes | str) -> dict[str, str]:
    """Return the prose of each section of a page that has about three sentences or more."""
    page = _Prose(html.decode() if isinstance(html, bytes) else html)
    sections: dict[str, str] = {}
    for section, text in page.found:
        name = page.names.get(section) or "the page"
        sections[name] = f"{sections.get(name, '')} {text}".strip()
    return sections
