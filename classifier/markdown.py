"""Turn the Markdown of our own model cards into HTML."""

from __future__ import annotations

from django.utils.safestring import SafeString, mark_safe
from markdown import Markdown

TOC = {"toc": {"toc_depth": "2-2", "title": "Contents"}}
#: Tables and code may be wider than a phone, so they scroll by themselves, also with the keyboard.
#: Headings of columns get a scope, and pictures load only when they come into view.
ACCESSIBLE = {
    "<table>": '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>',
    "</table>": "</table></div>",
    "<th>": '<th scope="col">',
    "<pre>": '<pre tabindex="0">',
    "<img ": '<img loading="lazy" ',
}


def to_html(text: str) -> SafeString:
    """Return ``text`` as HTML, with a list of contents above its first section.

    HTML within the text is shown as it is written. Browsers never interpret it.
    """
    markdown = Markdown(extensions=["tables", "sane_lists", "toc"], extension_configs=TOC)
    markdown.preprocessors.deregister("html_block")
    markdown.inlinePatterns.deregister("html")
    html = markdown.convert(text.replace("\n## ", "\n[TOC]\n\n## ", 1))
    for plain, accessible in ACCESSIBLE.items():
        html = html.replace(plain, accessible)
    return mark_safe(html)  # noqa: S308
