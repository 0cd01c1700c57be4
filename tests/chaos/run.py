"""Upload while a site is harmed, and count what became of it."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import requests

from tests.chaos.endings import end_again_and_again
from tests.chaos.harm import Harm, Troublemaker
from tests.chaos.report import Report
from tests.lesions import judged
from tests.services.processes import Broker, Postgres
from tests.site import ROOT, Client, Site

PEOPLE = 4
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
    "ANALYSIS_TIME_LIMIT": "10",
    "SWEEP_EVERY": "1",
    "MESSAGE_LOST_AFTER": "3",
    "UPLOADS_PER_HOUR": "1000000",
}
#: Everything must have ended this many seconds after the last upload.
LONGEST = 300.0

COUNTS = {
    "rows that wait for ever": "status IN ('queued', 'running')",
    "done": "status = 'done'",
    "rejected": "status = 'rejected'",
    "failed, with a reason": "status = 'failed' AND failure <> ''",
    "results without exactly one prediction": "status = 'done' AND predictions <> 1",
    "predictions of no result": "status <> 'done' AND predictions <> 0",
    "tried more than once": "attempts > 1",
}


#: In these columns of these tables rows name their files.
COLUMNS = (
    ("image", "submission"),
    ("copy", "submission"),
    ("thumbnail", "submission"),
    ("heat_map", "prediction"),
)


def run(uploads: int, harm: Harm, endings: int, seed: int = 0) -> Report:
    """Send ``uploads`` pictures to a site while ``harm`` is done to it, and then end sites."""
    chance, report = random.Random(seed), Report()
    with tempfile.TemporaryDirectory(prefix="skinsite-chaos-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL's user has to get in
        postgres, broker = Postgres(folder / "postgres"), Broker(folder)
        environment = ENVIRONMENT | {"DATABASE_URL": postgres.url, "REDIS_URL": broker.url}
        try:
            with Site(folder / "site", **environment) as site:
                accepted: list[str] = []
                trouble = Troublemaker(site, postgres, broker, accepted, chance)
                answers = _upload(site, uploads, accepted, trouble.deeds(harm))
                for answer, number in sorted(answers.items()):
                    report.add(f"answers: {answer}", number)
                _wait_until_all_ended(postgres.url)
            _count_rows(report, postgres.url, accepted)
            _count_files(report, site, environment)
            end_again_and_again(report, folder, environment, endings, chance)
        finally:
            broker.kill()
            postgres.stop()
    return report


def _upload(site: Site, uploads: int, accepted: list[str], deeds: list) -> Counter[str]:
    """Send pictures from several people until enough are accepted, doing the deeds meanwhile."""
    pictures = [judged(seed) for seed in range(8)]
    answers: Counter[str] = Counter()

    def use(person: Client) -> None:
        while len(accepted) < uploads:
            keys, answer = _send(person, random.choices(pictures, k=random.randint(1, 4)))
            accepted.extend(keys)
            answers[answer] += 1

    people = []
    for number in range(PEOPLE):
        person = Client(site.address)
        person.sign_up(f"person{number}@example.org")
        person.session.headers["Accept"] = "application/json"
        people.append(person)
    with ThreadPoolExecutor(PEOPLE) as pool:
        used = [pool.submit(use, person) for person in people]
        for number, deed in enumerate(deeds):
            while len(accepted) < uploads * number / len(deeds):
                time.sleep(0.01)
            deed()
        for one in used:
            one.result()
    return answers


def _send(person: Client, pictures: list[bytes]) -> tuple[list[str], str]:
    """Return the keys of the accepted pictures, and what the answer was."""
    files = [("images", (f"{number}.jpg", picture)) for number, picture in enumerate(pictures)]
    address = f"{person.address}/upload/"
    try:
        page = person.session.get(address, timeout=60, headers={"Accept": "text/html"})
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        if not token:
            time.sleep(0.2)
            return [], f"{page.status_code}, page"
        fields = {"csrfmiddlewaretoken": token[1]}
        answer = person.session.post(address, fields, files=files, timeout=60)
    except requests.RequestException as error:
        time.sleep(0.2)
        return [], f"none ({type(error).__name__})"
    if answer.headers["Content-Type"] != "application/json":
        return [], f"{answer.status_code}, upload"
    urls = [one["url"] for one in answer.json()["accepted"]]
    return [url.rstrip("/").rpartition("/")[2] for url in urls], f"{answer.status_code}, upload"


def _wait_until_all_ended(database: str) -> None:
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        with psycopg.connect(database) as connection:
            waiting = (
                "SELECT count(*) FROM classifier_submission WHERE "
                + COUNTS["rows that wait for ever"]
            )
            (number,) = connection.execute(waiting).fetchone()
        if not number:
            return
        time.sleep(0.5)


def _count_rows(report: Report, database: str, accepted: list[str]) -> None:
    rows = """
        (SELECT s.*, (SELECT count(*) FROM classifier_prediction p WHERE p.submission_id = s.id)
         AS predictions FROM classifier_submission s) rows
    """
    with psycopg.connect(database) as connection:
        known = {str(key) for (key,) in connection.execute("SELECT id FROM classifier_submission")}
        report.add("accepted", len(accepted))
        report.add("accepted twice", len(accepted) - len(set(accepted)), wanted=False)
        report.add("accepted and lost", len(set(accepted) - known), wanted=False)
        report.add("kept, though the answer was lost", len(known - set(accepted)))
        for name, condition in COUNTS.items():
            query = f"SELECT count(*) FROM {rows} WHERE {condition}"
            (number,) = connection.execute(query).fetchone()
            wanted = name in ("done", "rejected", "failed, with a reason", "tried more than once")
            report.add(name, number, wanted=wanted)
        ended = sum(report.counts[n] for n in ("done", "rejected", "failed, with a reason"))
        report.add("rows without an end", len(known) - ended, wanted=False)


def _count_files(report: Report, site: Site, environment: dict[str, str]) -> None:
    media = site.data_dir / "media"
    named: set[str] = set()
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        for column, table in COLUMNS:
            rows = connection.execute(f"SELECT {column} FROM classifier_{table}").fetchall()
            named |= {name for (name,) in rows if name}
        (bare,) = connection.execute(
            "SELECT count(*) FROM classifier_prediction WHERE heat_map = ''"
        ).fetchone()
    report.add("results without a heat map, which could not be stored", bare)
    missing = sum(not (media / name).exists() for name in named)
    report.add("rows whose file is missing", missing, wanted=False)
    report.add("files that no row names, before tidying", len(_stored(media) - named))
    tidy = [sys.executable, "manage.py", "tidy", "--older-than", "0"]
    tidying = site.environment | {"DATA_DIR": str(site.data_dir)}
    subprocess.run(tidy, cwd=ROOT, env=tidying, check=True, stdout=subprocess.DEVNULL)
    report.add("files that no row names, after it", len(_stored(media) - named), wanted=False)


def _stored(media: Path) -> set[str]:
    found = (path.relative_to(media) for path in media.rglob("*") if path.is_file())
    return {str(path) for path in found if path.parts[0] != "models"}
