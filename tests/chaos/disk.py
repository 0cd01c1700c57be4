from __future__ import annotations

import errno
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage

#: The content of this file tells what is wrong with the disk: `FULL` or `GONE`. Where the file is
#: missing, nothing is wrong.
STATE = "disk"
FULL, GONE = "full", "gone"


class FailingDisk(FileSystemStorage):
    """This disk is full or gone for as long as a file in ``DATA_DIR`` says so."""

    def _open(self, name: str, mode: str = "rb") -> File:
        self._fail_where_gone()
        return super()._open(name, mode)

    def delete(self, name: str) -> None:
        self._fail_where_gone()
        super().delete(name)

    def _save(self, name: str, content: File) -> str:
        self._fail_where_gone()
        if _state() == FULL:
            half = content.read()[: content.size // 2]
            super()._save(name, ContentFile(half))
            raise OSError(errno.ENOSPC, "No space left on device")
        return super()._save(name, content)

    def _fail_where_gone(self) -> None:
        if _state() == GONE:
            raise OSError(errno.EIO, "Input/output error")


def _state() -> str:
    try:
        return Path(settings.DATA_DIR, STATE).read_text()
    except FileNotFoundError:
        return ""
