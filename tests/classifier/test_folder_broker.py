"""Each message in a folder is taken once and in order, whoever else reads and writes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection
from kombu.exceptions import ChannelError, OperationalError
from kombu.transport import filesystem

from classifier.services.submissions import dispatch
from classifier.services.submissions.dispatch import count_waiting_messages
from skinsite.folder_broker import Channel
from tests.classifier.fakes import folder_app
from tests.site import ROOT

WORKER = """
import select
import sys
from queue import Empty
from kombu import Connection
from skinsite import folder_broker

folder, role, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": folder + "-c"}
with Connection("folder://", transport_options=options) as connection:
    channel = connection.default_channel
    print("up", flush=True)
    sys.stdin.readline()
    if role == "get":
        while True:
            try:
                print(channel._get("work")["n"], flush=True)
            except Empty:
                if select.select([sys.stdin], [], [], 0)[0]:
                    break
    else:
        for number in range(count):
            channel._put("work", {"n": f"{role}-{number}"})
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "messages"
    path.mkdir()
    return path


@pytest.fixture
def channel(folder: Path):
    with folder_app(folder) as app, app.connection_for_write() as connection:
        yield connection.default_channel


def put(channel: Channel, *numbers: int, queue: str = "work") -> None:
    for number in numbers:
        channel._put(queue, {"n": number})


def drained(channel: Channel, queue: str = "work") -> list[int]:
    numbers = []
    while True:
        try:
            numbers.append(channel._get(queue)["n"])
        except Empty:
            return numbers


def test_first_in_first_out(channel, folder):
    put(channel, *range(50))
    assert channel._size("work") == 50
    assert drained(channel) == list(range(50))
    assert list(folder.iterdir()) == []


def test_each_queue_has_its_own_messages(channel):
    put(channel, 1)
    put(channel, 2, queue="play")
    assert drained(channel, "play") == [2]
    assert drained(channel) == [1]


def test_an_empty_queue_gives_nothing(channel):
    with pytest.raises(Empty):
        channel._get("work")


def test_a_message_that_is_being_written_is_not_taken(channel, folder, monkeypatch):
    seen = []
    write_text = Path.write_text

    def slowly(path: Path, text: str) -> int:
        written = write_text(path, text[: len(text) // 2])
        seen.append(drained(channel))
        write_text(path, text)
        return written

    monkeypatch.setattr(Path, "write_text", slowly)
    put(channel, 1)
    assert seen == [[]]
    assert drained(channel) == [1]


def test_a_message_that_another_worker_takes_first_is_left_to_it(channel, monkeypatch):
    put(channel, 1, 2)
    rename = Path.rename
    quicker = iter([True])

    def stolen(path: Path, target: Path) -> Path:
        if next(quicker, False):
            path.unlink()
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", stolen)
    assert channel._get("work") == {"n": 2}


def test_what_killed_processes_leave_is_tidied_after_a_minute(channel, folder):
    for suffix in ("part", "taken"):
        for name, age in (("left", 61), ("new", 30)):
            file = folder / f"{name}.work.{suffix}"
            file.write_text("{")
            os.utime(file, (time.time() - age,) * 2)
    put(channel, 1)
    assert drained(channel) == [1]
    assert sorted(path.name for path in folder.iterdir()) == ["new.work.part", "new.work.taken"]


def test_a_message_that_has_waited_long_is_not_lost_to_the_tidying(channel, folder, monkeypatch):
    put(channel, 1)
    (message,) = folder.iterdir()
    os.utime(message, (0, 0))
    rename = Path.rename

    def tidied_at_once(path: Path, target: Path) -> Path:
        renamed = rename(path, target)
        assert drained(channel) == []
        assert not target.exists()
        return renamed

    monkeypatch.setattr(Path, "rename", tidied_at_once)
    assert drained(channel) == [1]


def test_a_folder_that_is_gone_is_named(channel, folder):
    shutil.rmtree(folder)
    with pytest.raises(ChannelError, match="Cannot write to"):
        put(channel, 1)


def test_no_connection_without_the_folder(channel, folder):
    folder.rmdir()
    with pytest.raises(OperationalError, match="Cannot write to"):
        channel.connection.client.clone().ensure_connection(max_retries=1, interval_start=0)


def test_a_purge_empties_one_queue_alone(channel):
    put(channel, 1, 2, 3)
    put(channel, 4, queue="play")
    assert channel._purge("work") == 3
    assert drained(channel, "play") == [4]


def test_a_task_arrives_through_another_connection(folder):
    with folder_app(folder) as app:
        app.send_task("some.task", args=["key"], queue="work")
        with Connection("folder://", transport_options=app.conf.broker_transport_options) as other:
            message = other.SimpleQueue("work").get(timeout=5)
            message.ack()
    assert message.headers["task"] == "some.task"
    assert message.payload[0] == ["key"]


def test_messages_that_wait_for_analysis_are_counted(folder, monkeypatch):
    with folder_app(folder) as app:
        monkeypatch.setattr(dispatch, "current_app", app)
        assert count_waiting_messages() == 0
        for queue in ("analysis", "analysis", "bulk"):
            app.send_task("classifier.analyse", args=["1"], queue=queue)
        assert count_waiting_messages() == 2


def test_waiting_for_a_message_is_short_enough_to_hear_that_one_shall_stop(channel):
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        channel.connection.drain_events(channel.connection.client, timeout=5)
    assert time.monotonic() - began < 2


def test_many_processes_lose_nothing_and_double_nothing(folder):
    def start(role: str, count: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", WORKER, str(folder), role, str(count)]
        return subprocess.Popen(
            command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    each, writers = 120, ["a", "b"]
    readers = [start("get", 0) for _ in range(2)]
    senders = [start(role, each) for role in writers]
    everybody = readers + senders
    for process in everybody:
        assert process.stdout.readline() == "up\n"
    for process in everybody:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in senders:
        process.communicate()
        assert process.returncode == 0
    # Readers stop at the first empty look after this.
    taken: list[str] = []
    for process in readers:
        output, _ = process.communicate("stop\n")
        assert process.returncode == 0
        taken += output.split()
    assert sorted(taken) == sorted(f"{role}-{n}" for role in writers for n in range(each))
    assert list(folder.iterdir()) == []


def test_a_message_that_is_given_back_tells_that_it_comes_again(channel):
    told = {"body": "", "properties": {"delivery_info": {"routing_key": "work"}}}
    channel._put("work", told)
    assert "redelivered" not in channel._get("work")["properties"]["delivery_info"]
    # kombu puts back like this what a worker that was killed had taken.
    channel._put("work", told | {"redelivered": True})
    assert channel._get("work")["properties"]["delivery_info"]["redelivered"] is True


def test_the_queues_of_an_exchange_can_be_read_while_another_worker_adds_one(channel, monkeypatch):
    read, lock = [], filesystem.lock

    def read_before_it_is_locked(file, flags):
        if flags == filesystem.LOCK_EX:
            read.append(channel.get_table("news"))
        lock(file, flags)

    monkeypatch.setattr(filesystem, "lock", read_before_it_is_locked)
    channel._queue_bind("news", "", "", "one")
    channel._queue_bind("news", "", "", "two")
    assert [[bound.queue for bound in table] for table in read] == [[], ["one"]]
    assert {bound.queue for bound in channel.get_table("news")} == {"one", "two"}


def test_a_queue_that_is_deleted_gets_nothing_more(channel):
    for name in ("one", "two"):
        channel._queue_bind("news", "", "", name)
    channel._delete("one", "news", "", "")
    assert [bound.queue for bound in channel.get_table("news")] == ["two"]
