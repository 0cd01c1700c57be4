"""Run a site in production, have it attacked, and measure what a person meanwhile meets."""

from __future__ import annotations

import email
import json
import re
import secrets
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from tests import PASSWORD
from tests.looking import looking
from tests.serve.waiting import wait_until
from tests.services.mail_server import MailServer
from tests.services.processes import Broker, Postgres
from tests.siege.attackers import READY
from tests.siege.containers import Watch
from tests.siege.person import Person
from tests.site import ROOT, ProxiedClient, Site

PERSON = "person@example.org"


class Report(NamedTuple):
    """This tells how a siege went.

    Attributes:
        before: what a person met before the siege, which tells how quick the machine is.
        person: what the same person met during it.
        watch: what memory the containers had.
        statuses: how often attackers were answered with each status, by attack.
        wrong: what was wrong with their answers.
    """

    before: Person
    person: Person
    watch: Watch
    statuses: dict[str, dict[str, int]]
    wrong: list[str]


def run(seconds: float, accounts: int) -> Report:
    """Have a site attacked by so many accounts, and by strangers, for so many seconds."""
    with tempfile.TemporaryDirectory(prefix="skinsite-siege-") as name, MailServer() as mails:
        mails.answers.set()
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL's user has to get in
        temporary = folder / "temporary"
        temporary.mkdir()
        postgres, broker = Postgres(folder / "postgres"), Broker(folder)
        production = {
            "PRODUCTION": "true",
            "SECRET_KEY": secrets.token_urlsafe(64),
            "ALLOWED_HOSTS": "localhost",
            "DATABASE_URL": postgres.url,
            "REDIS_URL": broker.url,
            "EMAIL_URL": mails.url,
            "TRUSTED_PROXY_COUNT": "1",
            "TMPDIR": str(temporary),
        }
        try:
            with Site(folder / "site", **production) as site:
                emails = [f"attacker{number}@example.org" for number in range(accounts)]
                for number, address in enumerate([*emails, PERSON]):
                    _sign_up(site, mails, address, f"198.51.100.{number}")
                before, person = (Person(site.address, PERSON, "198.51.100.254") for _ in range(2))
                before.use(time.monotonic() + seconds / 6)
                watch = Watch(site, temporary)
                with looking(watch.look, every=0.5):
                    told = _besiege(site, person, emails, seconds)
        finally:
            broker.kill()
            postgres.stop()
    return Report(before, person, watch, told["statuses"], told["wrong"])


def _sign_up(site: Site, mails: MailServer, address: str, came_from: str) -> None:
    """Sign up as in production, where an address is confirmed by a link in a mail."""
    newcomer = ProxiedClient(site.address, came_from)
    fields = {"email": address, "password1": PASSWORD, "password2": PASSWORD}
    newcomer.post("/accounts/signup/", fields)
    found: list[str] = []

    def has_come() -> bool:
        for mail in map(email.message_from_string, mails.mails):
            if address in mail["To"]:
                text = mail.get_payload(decode=True).decode()
                found.extend(re.findall(r"https://localhost(/\S+/confirm-email/\S+)", text))
        return bool(found)

    wait_until(has_come)
    newcomer.post(found[0], {})


def _besiege(site: Site, person: Person, emails: list[str], seconds: float) -> dict[str, Any]:
    order = {"port": site.port, "seconds": seconds, "emails": emails}
    settings = {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    with (
        subprocess.Popen(
            [sys.executable, "-m", "tests.siege.attackers"],
            cwd=ROOT,
            env=site.environment | settings | {"DATA_DIR": str(site.data_dir.parent / "attackers")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as attackers,
        ThreadPoolExecutor(1) as pool,
    ):
        attackers.stdin.write(f"{json.dumps(order)}\n")
        attackers.stdin.flush()
        if attackers.stdout.readline().strip() != READY:
            raise RuntimeError("The attackers did not begin.")
        using = pool.submit(person.use, time.monotonic() + seconds)
        told, _ = attackers.communicate()
        using.result()
    return json.loads(told)
