"""A submission passes through Redis, PostgreSQL and a worker process, whatever dies on the way."""

from __future__ import annotations

import io
import os
import signal

import pytest

from classifier.models import Status
from classifier.services.submissions.submit import submit_picture
from tests.factories import UserFactory
from tests.lesions import judged, picture
from tests.services.slow_analyst import DEADLY

#: This worker has a stand-in for the network; `make chaos` and its short form kill real ones.
WORKER = "tests.services.slow_worker worker"
BEAT = "skinsite beat --pidfile= --schedule="


@pytest.fixture
def upload(transactional_db):
    owner = UserFactory()

    def submit(content: bytes | None = None):
        stream = io.BytesIO(content or judged())
        return submit_picture(owner=owner, stream=stream, name="mole.jpg")

    return submit


@pytest.fixture
def start_beat(start, tmp_path):
    return lambda: start(f"{BEAT}{tmp_path / 'schedule'}")


def assert_done_once(submission):
    submission.refresh_from_db()
    assert submission.status == Status.DONE
    assert submission.predictions.count() == 1
    assert submission.prediction == submission.predictions.get()


def test_an_upload_becomes_a_result_of_the_real_network(start, upload, wait_for):
    start("skinsite worker")
    submission = upload()
    wait_for(submission, Status.DONE, seconds=120)
    assert_done_once(submission)
    assert submission.attempts == 1


def test_a_worker_killed_in_the_middle_costs_an_attempt_but_not_the_result(
    start, start_beat, upload, wait_for
):
    start_beat()
    doomed = start(WORKER, SLOW_SECONDS="2")
    submission = upload()
    wait_for(submission, Status.RUNNING)
    doomed.kill()
    start(WORKER, SLOW_SECONDS="0")
    wait_for(submission, Status.DONE)
    assert_done_once(submission)
    assert submission.attempts == 2


def test_a_killed_worker_child_is_replaced_and_the_result_comes(
    start, start_beat, upload, wait_for
):
    start_beat()
    worker = start(WORKER, SLOW_SECONDS="2")
    submission = upload()
    wait_for(submission, Status.RUNNING)
    before = worker.children()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    wait_for(submission, Status.DONE)
    assert_done_once(submission)
    assert submission.attempts == 2
    assert worker.process.poll() is None
    assert set(worker.children()).isdisjoint(before)


def test_what_waits_beside_a_picture_that_kills_its_worker_is_done_within_a_minute(
    start, upload, wait_for
):
    deadly = upload(picture(size=(DEADLY, 250)))
    others = [upload() for _ in range(3)]
    # No sweep helps here, and one would not help before the time of an analysis is over.
    start(WORKER, SLOW_SECONDS="0", ANALYSIS_TIME_LIMIT="600")
    wait_for(deadly, Status.RUNNING, seconds=120)
    for submission in others:
        wait_for(submission, Status.DONE, seconds=60)
        assert_done_once(submission)
        assert submission.attempts == 2
        assert submission.alone
    deadly.refresh_from_db()
    assert deadly.status != Status.DONE


def test_messages_lost_with_the_broker_are_sent_again(start, start_beat, queue, upload, wait_for):
    submissions = [upload(), upload()]
    queue.flushdb()
    start(WORKER, SLOW_SECONDS="0")
    start_beat()
    for submission in submissions:
        wait_for(submission, Status.DONE)
        assert_done_once(submission)


def test_a_message_delivered_twice_does_the_work_once(start, queue, upload, wait_for):
    submission = upload()
    (message,) = queue.lrange("analysis", 0, -1)
    queue.lpush("analysis", message)
    start(WORKER, SLOW_SECONDS="0.5", WORKER_CONCURRENCY="2")
    wait_for(submission, Status.DONE)
    assert queue.llen("analysis") == 0
    assert_done_once(submission)
    assert submission.attempts == 1
