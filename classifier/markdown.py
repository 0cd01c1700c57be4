"""Markdown of our own model cards as HTML."""

from __future__ import annotations

from django.utils.safestring import SafeString, mark_safe
from markdown import Markdown

TOC = {"toc": {"toc_depth": "2-2", "title": "Contents"}}
#: These parts may be wider than a phone; they scroll by themselves, also with the keyboard.
ACCESSIBLE = {
    "<table>": '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>',
    "</table>": "</table></div>",
    "<th>": '<th scope="col">',
    "<pre>": '<pre tabindex="0">',
    "<img ": '<img loading="lazy" ',
}


def to_html(text: str) -> SafeString:
    """Return ``text`` as HTML, with a list of contents above its first section.

    HTML within it is shown as it is written, never run.
    """
    markdown = Markdown(extensions=["tables", "sane_lists", "toc"], extension_configs=TOC)
    markdown.preprocessors.deregister("html_block")
    markdown.inlinePatterns.deregister("html")
    html = markdown.convert(text.replace("\n## ", "\n[TOC]\n\n## ", 1))
    for plain, accessible in ACCESSIBLE.items():
        html = html.replace(plain, accessible)
    return mark_safe(html)  # noqa: S308
