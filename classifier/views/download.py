"""Send an archive for people to keep."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import StreamingHttpResponse
from django.utils import timezone


def download(archive: Iterable[bytes]) -> StreamingHttpResponse:
    """Send ``archive`` while it is made, named after the site and the day."""
    name = f"skinsite-{timezone.now():%Y-%m-%d}.zip"
    return StreamingHttpResponse(
        archive,
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
