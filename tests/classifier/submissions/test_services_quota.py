"""One account cannot crowd out the others, and a cache that is gone refuses nobody."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from classifier.models import Submission
from classifier.services.submissions import submit as submit_module
from classifier.services.submissions.last_hour import LastHour
from classifier.services.submissions.quota import QuotaExceeded, charge_decoding, charge_upload
from classifier.services.submissions.retry import requeue_submission, retry_submission
from classifier.services.submissions.submit import StorageFailed, submit_picture
from classifier.uploads import InvalidImage
from classifier.uploads.decoders import DecodersBusy
from tests.classifier.pictures import encode
from tests.factories import SubmissionFactory, picture

pytestmark = pytest.mark.django_db


def send(owner, data: bytes | None = None) -> Submission:
    return submit_picture(owner=owner, stream=io.BytesIO(data or picture()), name="mole.jpg")


def test_so_many_in_an_hour_and_then_again_in_the_next(owner, other, settings, time_machine):
    settings.UPLOADS_PER_HOUR = 2
    time_machine.move_to("2026-03-01 12:10:00+00:00")
    send(owner), send(owner)
    with pytest.raises(QuotaExceeded, match=r"2 pictures within an hour.*Please send this one"):
        send(owner)
    send(other)
    time_machine.move_to(timezone.now() + timedelta(hours=1))
    send(owner)
    assert Submission.objects.filter(owner=owner).count() == 3


def test_an_hour_is_the_last_sixty_minutes_and_none_of_the_clock(owner, settings, time_machine):
    settings.UPLOADS_PER_HOUR = 2
    time_machine.move_to("2026-03-01 12:50:00+00:00")
    send(owner)
    time_machine.move_to("2026-03-01 12:59:50+00:00")
    send(owner)
    for still in ("2026-03-01 13:00:10+00:00", "2026-03-01 13:49:40+00:00"):
        time_machine.move_to(still)
        with pytest.raises(QuotaExceeded):
            send(owner)
    time_machine.move_to("2026-03-01 13:50:10+00:00")
    send(owner)
    with pytest.raises(QuotaExceeded):
        send(owner)


def test_use_is_forgotten_by_the_minute_and_read_at_once(owner, time_machine, monkeypatch):
    read: list[int] = []
    get_many = type(cache._connections["default"]).get_many

    def counted(self, keys: list[str]) -> dict[str, int]:
        read.append(len(keys))
        return get_many(self, keys)

    monkeypatch.setattr(type(cache._connections["default"]), "get_many", counted)
    for second in ("12:00:00", "12:00:59", "12:01:00"):
        time_machine.move_to(f"2026-03-01 {second}+00:00", tick=False)
        LastHour("retries", owner.pk).add()
    totals = {}
    for second in ("12:59:59", "13:00:00", "13:00:59", "13:01:00"):
        time_machine.move_to(f"2026-03-01 {second}+00:00", tick=False)
        totals[second] = LastHour("retries", owner.pk).total()
    assert totals == {"12:59:59": 3, "13:00:00": 1, "13:00:59": 1, "13:01:00": 0}
    assert set(read) == {60}


def test_what_is_refused_at_the_door_or_by_our_own_fault_counts_as_no_picture(
    owner, settings, media, monkeypatch
):
    settings.UPLOADS_PER_HOUR = 1
    with pytest.raises(InvalidImage):
        send(owner, b"no picture")
    media.write_text("no folder")
    with pytest.raises(StorageFailed):
        send(owner)
    media.unlink()
    with monkeypatch.context() as patched:

        def busy(*arguments: object, **options: object) -> None:
            raise DecodersBusy

        patched.setattr(submit_module, "clean_apart", busy)
        with pytest.raises(StorageFailed):
            send(owner)
    rejected = send(owner)
    Submission.objects.filter(pk=rejected.pk).update(
        status="rejected", rejection="blurred", rejection_values={}
    )
    for _ in range(2):
        with pytest.raises(QuotaExceeded):
            send(owner)


def test_refused_files_cost_seconds_of_decoding_too(owner, other, settings, time_machine):
    settings.DECODING_SECONDS_PER_HOUR = 1
    time_machine.move_to("2026-03-01 12:00:00+00:00")
    noise = Image.effect_noise((3000, 3000), 100).convert("RGB")
    broken = encode(noise, "JPEG", quality=80)[:-20_000]
    while LastHour("decoding", owner.pk).total() < 1000:
        with pytest.raises(InvalidImage, match="damaged"):
            send(owner, broken)
    with pytest.raises(QuotaExceeded, match="Reading your files has taken 1 seconds"):
        send(owner)
    send(other)
    time_machine.move_to(timezone.now() + timedelta(hours=1))
    send(owner)


def test_pictures_cost_seconds_of_decoding(owner, settings):
    settings.DECODING_SECONDS_PER_HOUR = 5
    charge_decoding(owner=owner, seconds=4.999)
    while LastHour("decoding", owner.pk).total() < 5000:
        send(owner)
    with pytest.raises(QuotaExceeded, match="taken 5 seconds of our computers within an hour"):
        send(owner)


def test_so_many_bytes_are_kept_until_some_are_deleted(owner, other, settings, stored_files):
    first = send(owner)
    taken = sum(file.stat().st_size for file in stored_files())
    assert first.stored_bytes == taken
    settings.UPLOADS_KEPT_BYTES = 2 * taken
    send(owner)
    with pytest.raises(QuotaExceeded, match=r"Your pictures take .* GB here, .*Please delete some"):
        send(owner)
    assert len(stored_files()) == 4
    send(other)
    first.delete()
    send(owner)


def test_deleting_gives_no_new_ones_within_the_hour(owner, settings):
    settings.UPLOADS_PER_HOUR = 1
    send(owner).delete()
    with pytest.raises(QuotaExceeded):
        send(owner)


def test_so_many_are_kept_until_some_are_deleted(owner, settings, stored_files):
    settings.UPLOADS_KEPT = 2
    first, _ = SubmissionFactory.create_batch(2, owner=owner)
    with pytest.raises(QuotaExceeded, match="You have 2 pictures here"):
        send(owner)
    assert len(stored_files()) == 4
    first.delete()
    send(owner)


def test_without_a_cache_nobody_is_refused(owner, settings, monkeypatch, caplog):
    def gone(*arguments, **options):
        raise ConnectionError("redis is gone")

    settings.UPLOADS_PER_HOUR = 0
    monkeypatch.setattr(type(cache._connections["default"]), "add", gone)
    with charge_upload(owner=owner):
        pass
    assert "uploads are not counted: ConnectionError" in caplog.text


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_the_page_names_what_was_too_much(owner_client, settings, accept):
    settings.UPLOADS_PER_HOUR = 1
    files = [SimpleUploadedFile(name, picture(), "image/jpeg") for name in ("a.jpg", "b.jpg")]
    answer = owner_client.post(reverse("upload"), {"images": files}, headers={"accept": accept})
    assert answer.status_code == (429 if accept == "text/html" else 207)
    assert "b.jpg" in answer.content.decode()
    assert "1 pictures within an hour" in answer.content.decode()
    assert Submission.objects.get().original_name == "a.jpg"


def fail(owner, number: int) -> list[Submission]:
    return SubmissionFactory.create_batch(number, owner=owner, failed=True)


def test_so_many_retries_in_an_hour_apart_from_uploads(owner, other, settings, time_machine):
    settings.RETRIES_PER_HOUR, settings.UPLOADS_PER_HOUR = 2, 1
    time_machine.move_to("2026-03-01 12:10:00+00:00")
    first, second, third = fail(owner, 3)
    assert retry_submission(first) is retry_submission(second) is True
    with pytest.raises(QuotaExceeded, match=r"tried 2 pictures again within an hour.*Please try"):
        retry_submission(third)
    third.refresh_from_db()
    assert third.is_failed
    assert retry_submission(*fail(other, 1)) is True
    send(owner)
    time_machine.move_to(timezone.now() + timedelta(hours=1))
    assert retry_submission(third) is True


def test_what_cannot_be_tried_again_and_what_an_operator_queues_cost_no_retry(owner, settings):
    settings.RETRIES_PER_HOUR = 1
    done, first, second = SubmissionFactory(owner=owner, done=True), *fail(owner, 2)
    assert retry_submission(done) is False
    assert requeue_submission(done) is requeue_submission(first) is True
    assert retry_submission(second) is True


def test_the_page_says_that_it_was_one_retry_too_many(owner, owner_client, settings, sent):
    settings.RETRIES_PER_HOUR = 0
    (submission,) = fail(owner, 1)
    answer = owner_client.post(reverse("retry", args=[submission.pk]))
    assert answer.status_code == 429
    text = answer.content.decode()
    assert "Please try this one again in an hour." in text
    assert submission.failure_sentence in text
    assert sent == []
