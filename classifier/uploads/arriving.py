"""Keep what arrives of a large upload in files without a name, which end with their process."""

from __future__ import annotations

import tempfile
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class UnnamedFileHandler(FileUploadHandler):
    """Takes the place of Django's own handler, whose files have names.

    A process that is killed would leave those behind: pictures of people that nobody would ever
    delete, and a disk that fills up.
    """

    def new_file(self, *arguments: Any, **options: Any) -> None:
        super().new_file(*arguments, **options)
        # Whoever is given the upload closes it.
        content = tempfile.TemporaryFile()  # noqa: SIM115
        self.file = UploadedFile(content, self.file_name, self.content_type)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self) -> None:
        # Nothing has arrived of a file where only a field was cut off.
        if hasattr(self, "file"):
            self.file.close()
