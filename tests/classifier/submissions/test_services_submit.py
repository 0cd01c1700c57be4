"""A picture that is sent in is kept as a whole, or nothing of it is."""

from __future__ import annotations

import errno
import io
import os
import resource
import shutil
import signal
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.utils import timezone
from kombu.exceptions import ChannelError
from kombu.exceptions import OperationalError as BrokerError
from PIL import Image

from classifier.models import Status, Submission
from classifier.services.submissions import dispatch as dispatch_module
from classifier.services.submissions.submit import StorageFailed, submit_picture
from classifier.uploads import InvalidImage, open_image
from ml.judging.abcd import measure
from ml.judging.analysis import OUTLINE_SIDE
from ml.judging.preprocessing import to_pixels
from ml.judging.segmentation import segment
from skinsite.celery import app
from tests.classifier.fakes import folder_app
from tests.classifier.pictures import encode
from tests.factories import picture
from tests.lesions import draw, flower

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(owner, django_capture_on_commit_callbacks):
    """Return a function that submits a lesion and commits."""

    def submitted(name: str = "mole.jpg", data: bytes | None = None) -> Submission:
        with django_capture_on_commit_callbacks(execute=True):
            return submit_picture(owner=owner, stream=io.BytesIO(data or picture()), name=name)

    return submitted


def test_a_submission_waits_and_its_key_is_sent(send, sent, owner, media, time_machine):
    time_machine.move_to("2026-03-01 12:00:00+00:00", tick=False)
    submission = Submission.objects.get(pk=send().pk)
    assert submission.status == Status.QUEUED
    assert submission.owner == owner
    assert submission.original_name == "mole.jpg"
    assert (submission.width, submission.height) == (160, 120)
    assert submission.attempts == 0
    assert submission.sent_at == submission.created_at == timezone.now()
    assert sent == [str(submission.pk)]
    with Image.open(media / submission.image.name) as image:
        assert (image.format, image.size) == ("JPEG", (160, 120))
    with Image.open(media / submission.thumbnail.name) as thumbnail:
        assert thumbnail.size == (320, 320)
    assert submission.copy.name == ""


def test_a_large_picture_is_kept_with_a_smaller_copy(send, media, stored_files):
    submission = Submission.objects.get(pk=send(data=picture(size=(1700, 1000))).pk)
    assert (submission.width, submission.height) == (1700, 1000)
    with Image.open(media / submission.copy.name) as copy:
        assert copy.size == (850, 500)
    assert submission.stored_bytes == sum(file.stat().st_size for file in stored_files())
    assert len(stored_files()) == 3


def millimetres(image: Image.Image, pixels_per_mm: float) -> float:
    """Return the lesion's diameter as the worker measures it."""
    outlined = to_pixels(image, OUTLINE_SIDE)
    return measure(outlined, segment(outlined), min(image.size)).diameter / pixels_per_mm


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_that_is_kept_smaller_shows_as_many_millimetres(owner, media, kind):
    original = draw(flower(), side=300).resize((6000, 5400), Image.Resampling.BICUBIC)
    stream = io.BytesIO(encode(original, kind))
    kept = submit_picture(owner=owner, stream=stream, name="mole", pixels_per_mm=240.0)
    with Image.open(media / kept.image.name) as image:
        assert image.size == (kept.width, kept.height)
        assert max(image.size) <= 4096
        after = millimetres(image, kept.pixels_per_mm)
    assert after == pytest.approx(millimetres(original, 240.0), rel=0.02)


def test_nothing_is_sent_before_the_commit(owner, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        submit_picture(owner=owner, stream=io.BytesIO(picture()), name="mole.jpg")
    assert len(callbacks) == 1
    assert sent == []


def test_the_extension_is_that_of_the_content(send):
    assert send("mole.jpg", picture("png")).image.name.endswith(".png")
    assert send("mole.exe", picture("jpg")).image.name.endswith(".jpg")


@pytest.mark.parametrize(
    ("sent_as", "kept"),
    [
        ("mole.jpg", "mole.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\Pictures\\mole.jpg", "mole.jpg"),
        ("mo\x00le\r\n.jpg", "mole.jpg"),
        ("mole\u202egpj.exe", "molegpj.exe"),
        ("Muttermal ü 皮肤.jpg", "Muttermal ü 皮肤.jpg"),
        ("\udcff\ud800mole.jpg", "mole.jpg"),
        ("", "picture"),
        ("/", "picture"),
        ("\n", "picture"),
        (300 * "a" + ".jpg", 251 * "a" + ".jpg"),
        ("<script>alert(1)</script>.jpg", "script>.jpg"),
    ],
)
def test_the_name_is_kept_without_what_could_do_harm(send, sent_as, kept):
    assert Submission.objects.get(pk=send(sent_as).pk).original_name == kept


def test_a_bad_picture_leaves_nothing(send, sent, stored_files):
    with pytest.raises(InvalidImage):
        send(data=b"no picture")
    assert stored_files() == []
    assert not Submission.objects.exists()
    assert sent == []


def assert_nothing_was_kept(stored_files, sent) -> None:
    assert stored_files() == []
    assert not Submission.objects.exists()
    assert sent == []


@contextmanager
def room_for(size: int):
    """Let no file grow beyond ``size`` bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_disk_that_is_full_in_the_middle_of_the_picture(send, sent, stored_files):
    data = picture()
    half = len(open_image(io.BytesIO(data)).content) // 2
    with room_for(half), pytest.raises(StorageFailed):
        send(data=data)
    assert_nothing_was_kept(stored_files, sent)


def test_a_disk_that_is_full_in_the_middle_of_the_thumbnail(send, sent, stored_files):
    data = picture(size=(40, 40))
    cleaned = open_image(io.BytesIO(data))
    assert len(cleaned.content) < len(cleaned.thumbnail)
    with room_for(len(cleaned.content)), pytest.raises(StorageFailed):
        send(data=data)
    assert_nothing_was_kept(stored_files, sent)


def test_a_storage_that_is_gone(send, sent, media, stored_files):
    media.write_text("no folder")
    with pytest.raises(StorageFailed):
        send()
    assert stored_files() == []
    assert not Submission.objects.exists()
    assert sent == []


def test_a_storage_that_breaks_between_two_files_and_cannot_even_delete(
    send, sent, media, monkeypatch
):
    real = os.open

    def broken(path: str, *args: object, **kwargs: object) -> int:
        if str(path).startswith(str(media)) and any(media.rglob("*.jpg")):
            raise OSError(errno.EROFS, "Read-only file system")
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", broken)
    monkeypatch.setattr(os, "remove", broken)
    with pytest.raises(StorageFailed):
        send()
    assert not Submission.objects.exists()
    assert sent == []


@pytest.fixture
def answer_lost(monkeypatch):
    """Let the database keep the row, and end before it says so."""
    real = transaction.atomic

    @contextmanager
    def atomic():
        with real():
            yield
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("classifier.services.submissions.submit.transaction.atomic", atomic)


@pytest.mark.usefixtures("answer_lost")
def test_a_row_that_is_kept_though_nobody_heard_of_it_keeps_its_files(send, stored_files):
    with pytest.raises(OperationalError):
        send()
    submission = Submission.objects.get()
    kept = {Path(submission.image.path), Path(submission.thumbnail.path)}
    assert kept == set(stored_files())


@pytest.mark.usefixtures("answer_lost")
def test_files_are_left_to_the_upkeep_while_the_database_cannot_be_asked(
    send, stored_files, monkeypatch
):
    def gone(*args: object, **kwargs: object) -> None:
        raise InterfaceError("connection already closed")

    monkeypatch.setattr(Submission.objects, "filter", gone)
    with pytest.raises(OperationalError):
        send()
    assert stored_files()


def test_a_database_that_fails_leaves_no_file(send, sent, stored_files, monkeypatch):
    def fail(self: Submission, **options: object) -> None:
        raise DatabaseError("disk I/O error")

    monkeypatch.setattr(Submission, "save", fail)
    with pytest.raises(DatabaseError):
        send()
    assert_nothing_was_kept(stored_files, sent)


@pytest.fixture
def at_once(monkeypatch):
    """Run on-commit callbacks where they are registered, which is right before the commit.

    The errors that they raise then reach the service. They do so on the site too, where the service
    has the outermost transaction.
    """
    monkeypatch.setattr(transaction, "on_commit", lambda callback, **options: callback())


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    "error",
    [
        BrokerError("Connection refused"),
        ChannelError("OOM command not allowed"),
        ConnectionResetError("gone"),
        RuntimeError("what no library announces"),
    ],
)
def test_a_broker_that_is_down_is_no_error(owner, stored_files, monkeypatch, caplog, error):
    def fail(*args: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(app, "send_task", fail)
    submission = submit_picture(owner=owner, stream=io.BytesIO(picture()), name="mole.jpg")
    assert Submission.objects.get(pk=submission.pk).status == Status.QUEUED
    assert len(stored_files()) == 2
    assert "waits for the sweep" in caplog.text


@pytest.mark.usefixtures("at_once")
def test_a_folder_broker_without_its_folder_is_no_error(
    owner, stored_files, tmp_path: Path, monkeypatch
):
    folder = tmp_path / "messages"
    folder.mkdir()
    with folder_app(folder) as app_of_its_own:
        monkeypatch.setattr(dispatch_module, "current_app", app_of_its_own)
        submit_picture(owner=owner, stream=io.BytesIO(picture()), name="mole.jpg")
        assert len(list(folder.glob("*.msg"))) == 1
        shutil.rmtree(folder)
        submission = submit_picture(owner=owner, stream=io.BytesIO(picture()), name="mole.jpg")
    assert Submission.objects.get(pk=submission.pk).status == Status.QUEUED
    assert len(stored_files()) == 4
