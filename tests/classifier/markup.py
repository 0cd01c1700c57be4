"""This reads pages as a browser would."""

from __future__ import annotations

from html.parser import HTMLParser

#: htmx sends this along, and without it the site answers with no part of a page.
HTMX = {"hx-request": "true"}
#: A ``<script>`` of these types holds data and not code.
DATA = ("application/json", "text/template")


class Page(HTMLParser):
    """This is a parsed page.

    Attributes:
        text: the text that can be read, with single spaces.
        inline: styles, scripts and handlers inside the page, which its policy would not run.
        loaded: addresses of the scripts, styles and pictures it loads.
        ids: every ``id``.
        described: ids that a label or ARIA attribute points to.
    """

    def __init__(self, html: bytes | str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.loaded: list[str] = []
        self.ids: list[str] = []
        self.described: list[str] = []
        self.pieces: list[str] = []
        self.inside = ""
        self.feed(html.decode() if isinstance(html, bytes) else html)
        self.close()
        self.text = " ".join(" ".join(self.pieces).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.inside = "" if given.get("type") in DATA else tag
        if tag == "style":
            self.inline.append("<style>")
        for name, value in given.items():
            if name == "style" or name.startswith(("on", "hx-on")):
                self.inline.append(f"<{tag} {name}={value!r}>")
            if value.strip().lower().startswith(("javascript:", "data:text")):
                self.inline.append(f"<{tag} {name}={value!r}>")
            if name == "src" or (tag == "link" and name == "href"):
                self.loaded.append(value)
            if name == "id":
                self.ids.append(value)
            if name in ("for", "aria-labelledby", "aria-describedby"):
                self.described += value.split()

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "script" and data.strip():
            self.inline.append(f"<script>{data.strip()[:60]}")
        else:
            self.pieces.append(data)


def visible_text(html: bytes | str) -> str:
    return Page(html).text
