"""Turn the Markdown of our own model cards into HTML."""

from __future__ import annotations

import re
from typing import NamedTuple

from django.utils.safestring import SafeString, mark_safe
from markdown import Markdown

#: Tables and code may be wider than a phone, so they scroll by themselves, also with the keyboard.
#: Headings of columns get a scope, and pictures load only when they come into view.
ACCESSIBLE = {
    "<table>": '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>',
    "</table>": "</table></div>",
    "<th>": '<th scope="col">',
    "<pre>": '<pre tabindex="0">',
    "<img ": '<img loading="lazy" ',
}
#: A paragraph that is a figure and nothing else.
FIGURE = re.compile(r"<p>(<img [^>]*>)</p>\n?")


class Section(NamedTuple):
    """Holds what stands under one heading.

    Attributes:
        key: the id of the heading.
        title: the heading.
        body: what stands below it, without its figures and parts.
        figures: its figures, which a page shows beside its tables.
        parts: what stands under the lesser headings within it.
    """

    key: str
    title: SafeString
    body: SafeString
    figures: list[SafeString]
    parts: list[Section]


class Card(NamedTuple):
    """Holds a model card: what stands above its first section, and the sections."""

    head: SafeString
    sections: list[Section]


def to_html(text: str) -> SafeString:
    """Return ``text`` as HTML.

    HTML within the text is shown as it is written. Browsers never interpret it.
    """
    # The toc extension gives each heading an id.
    markdown = Markdown(extensions=["tables", "sane_lists", "toc"])
    markdown.preprocessors.deregister("html_block")
    markdown.inlinePatterns.deregister("html")
    html = markdown.convert(text)
    for plain, accessible in ACCESSIBLE.items():
        html = html.replace(plain, accessible)
    return _safe(html)


def to_card(text: str) -> Card:
    """Return ``text`` as the HTML of `to_html`, taken apart by its headings."""
    head, sections = _taken_apart(to_html(text), 2)
    return Card(_safe(head), sections)


def _taken_apart(html: str, level: int) -> tuple[str, list[Section]]:
    """Return what stands above the first heading of a level, and what stands under each of them."""
    head, *rest = re.split(rf'<h{level} id="([^"]*)">(.*?)</h{level}>\n?', html, flags=re.S)
    sections = []
    for key, title, inside in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
        body, parts = _taken_apart(inside, level + 1) if level < 3 else (inside, [])
        figures = [_safe(figure) for figure in FIGURE.findall(body)]
        sections.append(
            Section(key, _safe(title), _safe(FIGURE.sub("", body).strip()), figures, parts)
        )
    return head, sections


def _safe(html: str) -> SafeString:
    # It comes from `to_html`, which lets no HTML of the text through.
    return mark_safe(html)  # noqa: S308
