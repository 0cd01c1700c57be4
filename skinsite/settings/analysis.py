"""These settings limit uploads, name the models, and say how the worker gets and does its work."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from kombu import Queue

from skinsite.settings.environment import REDIS_URL, ROOT, env, make_folder

# An upload may hold this much. Bytes are counted before anything is decoded.
UPLOAD_MAX_FILES = env.int("UPLOAD_MAX_FILES", default=20)
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_MEGABYTES", default=20) * 1024 * 1024
# All that one request sends in. The page's script sends one picture in each, so that only a form
# without it may hold several. Proxies in front must allow as much.
UPLOAD_MAX_REQUEST_BYTES = env.int("UPLOAD_MAX_REQUEST_MEGABYTES", default=100) * 1024 * 1024
if UPLOAD_MAX_REQUEST_BYTES <= UPLOAD_MAX_BYTES:
    raise ImproperlyConfigured(
        "UPLOAD_MAX_REQUEST_MEGABYTES must be more than UPLOAD_MAX_MEGABYTES, since a request "
        f"holds a picture and its form. Received: {UPLOAD_MAX_REQUEST_BYTES // 1024**2}"
    )
UPLOAD_MAX_PIXELS = env.int("UPLOAD_MAX_MEGAPIXELS", default=50) * 1_000_000
UPLOAD_MIN_SIDE = env.int("UPLOAD_MIN_SIDE", default=32)
# One account may send and retry so many pictures an hour, and keep so many in all.
UPLOADS_PER_HOUR = env.int("UPLOADS_PER_HOUR", default=300)
RETRIES_PER_HOUR = env.int("RETRIES_PER_HOUR", default=10)
UPLOADS_KEPT = env.int("UPLOADS_KEPT", default=20_000)
# An account may use so much of the disk, and so much of a processor's time for reading its files,
# whatever comes of them.
UPLOADS_KEPT_BYTES = 1000**2 * env.int("UPLOADS_KEPT_MEGABYTES", default=2000)
DECODING_SECONDS_PER_HOUR = env.int("DECODING_SECONDS_PER_HOUR", default=120)
# Django's limit lies above our own, so that one file too many is answered with a sentence.
DATA_UPLOAD_MAX_NUMBER_FILES = 10 * UPLOAD_MAX_FILES

# The trained models lie here, and a new site starts with the default one.
BUNDLES_DIR = Path(env.str("BUNDLES_DIR", default=str(ROOT / "ml" / "bundles")))
DEFAULT_MODEL = "lesion-net"
INFERENCE_THREADS = env.int("INFERENCE_THREADS", default=0) or None  # None means one per core

# The set of diagnoses shall hold the true one in this share of the answers.
CONFORMAL_COVERAGE = env.float("CONFORMAL_COVERAGE", default=0.9)
if not 0 < CONFORMAL_COVERAGE < 1:
    raise ImproperlyConfigured(
        f"CONFORMAL_COVERAGE must be between 0 and 1. Received: {CONFORMAL_COVERAGE}"
    )
# If true, each picture is looked at eight times, turned and mirrored. That takes longer, and shows
# how far the answers spread.
TEST_TIME_AUGMENTATION = env.bool("TEST_TIME_AUGMENTATION", default=False)
# If true, ordinary photographs are judged too, by networks that tell them from dermoscopic ones.
CLINICAL_PICTURES = env.bool("CLINICAL_PICTURES", default=True)

# So many waiting pictures may go through the network together.
ANALYSIS_BATCH_SIZE = env.int("ANALYSIS_BATCH_SIZE", default=16)
# Together they may have so many pixels, each of which takes four bytes.
ANALYSIS_BATCH_PIXELS = env.int("ANALYSIS_BATCH_MEGAPIXELS", default=40) * 1_000_000
# An analysis that takes longer is stopped, softly at first and then hard. A row that runs for
# longer has lost its worker.
ANALYSIS_TIME_LIMIT = timedelta(seconds=env.int("ANALYSIS_TIME_LIMIT", default=30))
ANALYSIS_MAX_ATTEMPTS = env.int("ANALYSIS_MAX_ATTEMPTS", default=3)
ANALYSIS_RETRY_DELAY = timedelta(seconds=env.int("ANALYSIS_RETRY_DELAY", default=5))
# The sweep sends a message again that has taken longer than the first, and looks this often.
MESSAGE_LOST_AFTER = timedelta(seconds=env.int("MESSAGE_LOST_AFTER", default=120))
SWEEP_EVERY = timedelta(seconds=env.int("SWEEP_EVERY", default=15))

# One piece of re-analysis or upkeep may take this long, in the worker that nobody waits for.
BULK_TIME_LIMIT = 5 * ANALYSIS_TIME_LIMIT

# A submission is kept this long after it was sent in. None keeps it until its owner deletes it.
RETENTION = timedelta(days=env.int("RETENTION_DAYS", default=0)) or None
EXPIRE_EVERY = timedelta(minutes=10)
# Each time one folder of stored files is tidied, and so all of them in a day.
TIDY_EVERY = timedelta(minutes=5)
CLEAR_SESSIONS_EVERY = timedelta(hours=1)

# A page that waits for longer says that the picture is kept, and that nobody need stay.
QUEUE_DELAYED_AFTER = timedelta(seconds=env.int("QUEUE_DELAYED_AFTER", default=60))
# The queue counts as broken when the first submission in it has waited for longer.
QUEUE_MAX_AGE = timedelta(seconds=env.int("QUEUE_MAX_AGE", default=900))
# Prometheus sends this as a bearer token to read /metrics. Without a token nobody may read it.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# This function passes work on to a worker. In `skinsite.development` the process that is asked for
# the work does it itself.
DISPATCHER = "classifier.services.submissions.dispatch.send_to_worker"

# People wait for the first queue. Upkeep and re-analysis have the second, so that neither queue
# starves the other. Mails have the third, so that they do not wait for pictures, nor pictures for
# a slow mail server. A worker that is told no queue serves all of them.
ANALYSIS_QUEUE, BULK_QUEUE, MAIL_QUEUE = "analysis", "bulk", "mail"
CELERY_TASK_QUEUES = [Queue(ANALYSIS_QUEUE), Queue(BULK_QUEUE), Queue(MAIL_QUEUE)]
CELERY_TASK_DEFAULT_QUEUE = BULK_QUEUE
CELERY_TASK_ROUTES = {
    "classifier.analyse": {"queue": ANALYSIS_QUEUE},
    "classifier.mail": {"queue": MAIL_QUEUE},
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = ANALYSIS_TIME_LIMIT.total_seconds()
CELERY_TASK_SOFT_TIME_LIMIT = 0.9 * CELERY_TASK_TIME_LIMIT
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A worker child that has grown beyond this is replaced when it has finished what it is doing.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 1000 * env.int("WORKER_MAX_MEGABYTES", default=1800)
CELERY_WORKER_CONCURRENCY = env.int("WORKER_CONCURRENCY", default=1)
# The part that takes the messages also shows that the worker lives.
CELERY_WORKER_CONSUMER = "skinsite.heartbeat:Consumer"
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
# A child loads the model before it takes work, which is longer than Celery's 4 seconds.
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 120
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "classifier.sweep",
        "schedule": SWEEP_EVERY,
        # A sweep that waited longer than the next one is due has nothing left to find.
        "options": {"expires": SWEEP_EVERY.total_seconds()},
    },
    "expire": {
        "task": "classifier.expire",
        "schedule": EXPIRE_EVERY,
        "options": {"expires": EXPIRE_EVERY.total_seconds()},
    },
    "tidy": {
        "task": "classifier.tidy",
        "schedule": TIDY_EVERY,
        "options": {"expires": TIDY_EVERY.total_seconds()},
    },
    "clear_sessions": {
        "task": "classifier.clear_sessions",
        "schedule": CLEAR_SESSIONS_EVERY,
        "options": {"expires": CLEAR_SESSIONS_EVERY.total_seconds()},
    },
}
CELERY_BEAT_SCHEDULE_FILENAME = str(make_folder("run") / "schedule")

CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any]
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        # Redis hands a message to a second worker after this long without an acknowledgement.
        "visibility_timeout": 10 * CELERY_TASK_TIME_LIMIT,
        # A person waits for these while Redis is away, and the sweep sends what could not be sent.
        # They are longer than the second for which a worker waits for a message at a time.
        "socket_timeout": 3,
        "socket_connect_timeout": 3,
        "max_retries": 1,
        "interval_start": 0,
    }
else:
    CELERY_BROKER_URL = "folder://localhost"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(make_folder("broker", "messages")),
        "data_folder_out": str(make_folder("broker", "messages")),
        "control_folder": make_folder("broker", "control"),
        # These seconds between two looks into the folder are the largest part of a person's wait.
        "polling_interval": 0.01,
    }
    # Each remote-control client would leave its reply queue behind in the folder.
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
