"""Processes of their own decode pictures, so that nothing that a file does reaches the site."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PIL import Image

from classifier.uploads import InvalidImage, decoders, open_image
from classifier.uploads.decoders import Cleaned, DecodersBusy, Lane, clean_apart
from classifier.uploads.limits import LARGEST_NEED, LONGEST_SIDE, MIB, SMALL_NEED
from tests.classifier.pictures import encode, lesion, png_bomb, progressive_jpeg
from tests.lesions import picture


@pytest.fixture(autouse=True)
def lanes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give each test lanes of its own, with decoders that nobody has used before."""
    small = Lane("small-test", small=True, places=16, for_each=8)
    large = Lane("large-test", small=False, places=4, for_each=3)
    monkeypatch.setattr(decoders, "_small", small)
    monkeypatch.setattr(decoders, "_large", large)
    yield
    small.decoder.end()
    large.decoder.end()


def clean(data: bytes, owner: int = 1) -> Cleaned:
    return clean_apart(io.BytesIO(data), owner=owner)


def large_jpeg(side: int = 7071, **options: object) -> bytes:
    return encode(Image.new("RGB", (side, side), "tan"), "JPEG", quality=30, **options)


def peak(decoder: decoders.Decoder) -> int:
    """Return the most bytes that a decoder's process has had."""
    told = Path(f"/proc/{decoder.process.pid}/status").read_text()
    return 1024 * int(told.partition("VmHWM:")[2].split()[0])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
def test_a_picture_is_the_same_as_if_it_had_been_decoded_here(kind):
    here, apart = open_image(io.BytesIO(lesion(kind))), clean(lesion(kind))
    with apart.content as content:
        assert content.read() == here.content
    assert (apart.copy, apart.thumbnail) == (here.copy, here.thumbnail)
    assert (apart.extension, apart.scale) == (here.extension, here.scale)
    assert (apart.width, apart.height) == here.image.size
    assert apart.stored_bytes == len(here.content) + len(here.thumbnail)


def test_a_smaller_copy_comes_along():
    data = large_jpeg(1700)
    here, apart = open_image(io.BytesIO(data)), clean(data)
    apart.content.close()
    assert apart.copy == here.copy != b""
    assert apart.thumbnail == here.thumbnail
    assert apart.stored_bytes == len(here.content) + len(here.copy) + len(here.thumbnail)


@pytest.mark.parametrize("data", [b"", b"no picture", lesion()[:700], png_bomb(9000, 9000)])
def test_a_file_is_refused_with_the_same_sentence(data):
    with pytest.raises(InvalidImage) as here:
        open_image(io.BytesIO(data))
    with pytest.raises(InvalidImage, match=str(here.value)):
        clean(data)


def test_a_decoder_that_was_ended_meanwhile_is_started_again():
    clean(picture()).content.close()
    first = decoders._small.decoder.process
    first.send_signal(signal.SIGKILL)
    first.wait()
    clean(picture()).content.close()
    assert decoders._small.decoder.process.pid != first.pid


def run_instead(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let decoders run ``program`` where they would decode."""
    start = subprocess.Popen

    def started(command: list[str], **options: object) -> subprocess.Popen:
        return start([sys.executable, "-c", program], **options)

    monkeypatch.setattr(decoders.subprocess, "Popen", started)


def test_a_decoder_that_crashes_takes_nothing_along(monkeypatch):
    with monkeypatch.context() as patched:
        run_instead(patched, "import os; os.read(0, 9); os.abort()")
        with pytest.raises(InvalidImage, match="damaged or incomplete") as refused:
            clean(picture())
        assert refused.value.seconds > 0
    clean(picture()).content.close()


@pytest.mark.parametrize(
    "program",
    [
        "import time; time.sleep(60)",
        # The system sends this signal when a process has used up its processor seconds.
        "import os, signal; os.read(0, 9); os.kill(os.getpid(), signal.SIGXCPU)",
    ],
)
def test_a_picture_that_takes_too_long_is_given_up(monkeypatch, program):
    monkeypatch.setattr(decoders, "PATIENCE", 0.5)
    run_instead(monkeypatch, program)
    with pytest.raises(InvalidImage, match="takes too long to read"):
        clean(picture())


def test_a_decoder_knows_no_secret(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "the secret of the site")
    monkeypatch.setenv("DATABASE_URL", "postgres://password")
    clean(picture()).content.close()
    environment = psutil.Process(decoders._small.decoder.process.pid).environ()
    assert not environment.keys() & {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "S3_SECRET_KEY"}


def test_a_decoder_may_use_so_much_memory_and_time():
    clean(picture()).content.close()
    decoder = psutil.Process(decoders._small.decoder.process.pid)
    assert decoder.rlimit(psutil.RLIMIT_DATA)[0] == SMALL_NEED + 32 * MIB
    assert 0 < decoder.rlimit(psutil.RLIMIT_CPU)[0] <= 22


@pytest.mark.parametrize(
    ("mode", "side", "kind", "options", "kept"),
    [
        ("RGB", 7071, "JPEG", {}, 3536),
        ("RGB", 7071, "JPEG", {"progressive": True}, 3536),
        ("RGB", 6500, "JPEG", {"progressive": True, "subsampling": "4:4:4"}, 1625),
        ("RGBA", 5990, "PNG", {}, 4096),
        ("RGB", 4990, "TIFF", {"compression": "tiff_lzw"}, 4096),
        ("RGB", 3464, "WEBP", {"method": 0}, 3464),
    ],
)
def test_the_largest_of_each_format_needs_no_more_than_was_planned(mode, side, kind, options, kept):
    data = encode(Image.new(mode, (side, side), "tan"), kind, **options)
    with clean(data).content as content, Image.open(content) as stored:
        assert stored.size == (kept, kept)
    decoder = decoders._large.decoder
    assert peak(decoder) < LARGEST_NEED + 32 * MIB
    # The decoder gives back the memory that it needed before it is asked again.
    assert psutil.Process(decoder.process.pid).memory_info().rss < 60 * MIB
    assert peak(decoders._small.decoder) < SMALL_NEED + 32 * MIB


@pytest.mark.parametrize(
    ("kind", "side", "sentence"),
    [
        ("WEBP", 3500, "more than 12 megapixels, which is too many for a WebP file"),
        ("TIFF", 5010, "more than 25 megapixels, which is too many for a TIFF file"),
        ("PNG", 6010, "more than 36 megapixels, which is too many for a PNG file"),
    ],
)
def test_what_cannot_be_read_in_parts_may_have_fewer_pixels(kind, side, sentence):
    packed = {"TIFF": {"compression": "packbits"}, "WEBP": {"method": 0}}.get(kind, {})
    data = encode(Image.new("RGB", (side, side)), kind, **packed)
    with pytest.raises(InvalidImage, match=f"{sentence}. Please send it as a JPEG file"):
        clean(data)


def test_a_jpeg_in_passes_that_would_need_too_much():
    with pytest.raises(InvalidImage, match="Please export it without passes"):
        clean(large_jpeg(progressive=True, subsampling="4:4:4"))
    clean(progressive_jpeg(20)).content.close()


def test_a_picture_that_would_be_kept_too_narrow():
    with pytest.raises(InvalidImage, match=r"40 x 6000 pixels, which is too narrow\. Please cut"):
        clean(encode(Image.new("RGB", (40, 6000)), "PNG"))


def hold(lane: Lane, owner: int, number: int) -> threading.Event:
    """Let ``number`` pictures of ``owner`` wait in ``lane`` until the event is set."""
    release, there = threading.Event(), threading.Barrier(number + 1, timeout=60)

    def wait() -> None:
        with lane._place(owner):
            there.wait()
            release.wait(30)

    for _ in range(number):
        threading.Thread(target=wait, daemon=True).start()
    there.wait()
    return release


def test_a_small_picture_never_waits_for_a_large_one():
    with decoders._large._turn:
        clean(picture()).content.close()
    assert decoders._large.decoder.process is None


def test_large_pictures_of_one_owner_leave_a_place_for_another():
    release = hold(decoders._large, owner=1, number=3)
    with pytest.raises(DecodersBusy):
        clean(large_jpeg(4000), owner=1)
    clean(large_jpeg(4000), owner=2).content.close()
    other = hold(decoders._large, owner=3, number=1)
    with pytest.raises(DecodersBusy):
        clean(large_jpeg(4000), owner=2)
    release.set(), other.set()


def test_a_picture_waits_for_one_of_each_other_owner_however_many_they_sent(monkeypatch):
    lane = Lane("small-test", small=True, places=16, for_each=3)
    waiting, go_on, order = threading.Semaphore(0), threading.Semaphore(0), []

    class Turn:
        """Lets those who wait go on in the order in which they came, and tells that one came."""

        def __init__(self) -> None:
            self.changed, self.came, self.gone = threading.Condition(), 0, 0

        def __enter__(self) -> None:
            with self.changed:
                number, self.came = self.came, self.came + 1
                waiting.release()
                assert self.changed.wait_for(lambda: self.gone == number, timeout=30)

        def __exit__(self, *exception: object) -> None:
            with self.changed:
                self.gone += 1
                self.changed.notify_all()

    def decode(stream, size, limits):
        order.append(stream)
        assert go_on.acquire(timeout=30)

    monkeypatch.setattr(lane, "_turn", Turn())
    monkeypatch.setattr(lane.decoder, "clean", decode)

    def send(owner: str) -> threading.Thread:
        thread = threading.Thread(target=lane.clean, args=(owner, 1, None, owner), daemon=True)
        thread.start()
        return thread

    many = [send("many")]
    assert waiting.acquire(timeout=30)
    many += [send("many"), send("many")]
    one = send("one")
    assert waiting.acquire(timeout=30)
    for _ in range(4):
        go_on.release()
    for thread in (*many, one):
        thread.join(30)
    assert order == ["many", "one", "many", "many"]
    assert (lane._there, lane._turn_of_owner) == ({}, {})


def test_web_processes_take_turns(settings):
    program = (
        "import fcntl, sys; file = open(sys.argv[1], 'w'); fcntl.flock(file, fcntl.LOCK_EX);"
        "print(flush=True); sys.stdin.read()"
    )
    host = os.uname().nodename
    turn = str(settings.DATA_DIR / "run" / f"small-test-{host}.turn")
    other = subprocess.Popen(
        [sys.executable, "-c", program, turn], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with other:
        other.stdout.readline()
        done: list[Cleaned] = []
        thread = threading.Thread(target=lambda: done.append(clean(picture())))
        thread.start()
        thread.join(1)
        assert thread.is_alive()
        other.stdin.close()
        thread.join(30)
    done[0].content.close()


def test_what_is_kept_has_no_more_than_its_pixels_or_bytes():
    noise = Image.effect_noise((3400, 3400), 120).convert("RGB")
    for data in (
        encode(noise, "JPEG", quality=10),
        encode(noise, "WEBP", quality=40, method=0),
        encode(noise.crop((0, 0, 300, 300)), "PNG"),
    ):
        kept = clean(data)
        kept.content.close()
        assert kept.stored_bytes <= max(2 * len(data), 4 * MIB)
        assert max(kept.width, kept.height) <= LONGEST_SIDE
