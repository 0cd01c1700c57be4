"""All of `deploy/` starts the same set of commands, and these make a site that works."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection

from classifier.models import User
from skinsite.web_worker import LARGE_THREADS
from tests import PASSWORD
from tests.bench.web_memory import LIMIT
from tests.deploy import DEPLOY, compose
from tests.lesions import judged
from tests.services.conftest import database_url
from tests.services.processes import Process
from tests.site import ROOT, Client, ProxiedClient, free_port
from tests.web_image import block_left_out

BIN = Path(sys.executable).parent
ROLES = ("web", "worker", "bulk", "mail", "beat")
#: systemd starts each of them by this unit.
UNITS = {
    "web": "skinsite-web.service",
    "worker": "skinsite-worker@analysis.service",
    "bulk": "skinsite-worker@bulk.service",
    "mail": "skinsite-mail.service",
    "beat": "skinsite-beat.service",
}
RELEASE = ["prepare_storage", "migrate --no-input", "register_models"]
HOST = "skin.example.org"
FILLED_IN = {
    "SECRET_KEY": "kB7-xQ2_mW9tZ4vN8pL3rJ6hF1cD5gS0aE-yU_iO7bK2nM4qT9w",
    "DATABASE_URL": "postgres://skinsite@localhost/skinsite",
    "REDIS_URL": "redis://localhost",
}


def containerfile() -> dict[str, list[str]]:
    """Return the command that each image starts."""
    text = (DEPLOY / "Containerfile").read_text()
    stages = re.findall(r"(?s)^FROM \w+ AS (web|worker)\n(.*?)(?=^FROM|\Z)", text, re.MULTILINE)
    return {name: json.loads(re.search(r"^CMD (.*)", body, re.M)[1]) for name, body in stages}


def read_kubernetes(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes" / f"{name}.yaml").read_text()))


def kubernetes() -> dict[str, dict]:
    """Return the container of each workload."""
    found = {}
    for name in ("web", "workers", "release"):
        for one in read_kubernetes(name):
            if one["kind"] in ("Deployment", "Job"):
                (container,) = one["spec"]["template"]["spec"]["containers"]
                found[one["metadata"]["name"]] = container
    return found


def unit(name: str) -> dict[str, list[str]]:
    """Return what a unit says by key, for the instance in ``name`` if the unit is a template."""
    template, _, instance = name.removesuffix(".service").partition("@")
    file = f"{template}@.service" if instance else name
    text = (DEPLOY / "systemd" / file).read_text().replace("%i", instance).replace("%%", "%")
    text = text.replace("/srv/skinsite/.venv/bin/", "")
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)", text, re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


def example() -> dict[str, str]:
    """Return the variables that an operator is given to fill in."""
    return dict(re.findall(r"^(\w+)=(.*)$", (DEPLOY / "example.env").read_text(), re.M))


def commands() -> dict[str, dict[str, list[str]]]:
    """Return the command of each role, by where it is written."""
    units = {role: unit(name)["ExecStart"][0].split() for role, name in UNITS.items()}
    composed = {role: shlex.split(compose()[role].get("command", "")) for role in ROLES}
    composed["web"] = containerfile()["web"]
    return {
        "compose": composed,
        "kubernetes": {role: kubernetes()[role]["args"] for role in ROLES},
        "systemd": units,
    }


def test_every_way_starts_the_same_commands():
    written = commands()
    assert containerfile() == {role: written["compose"][role] for role in ("web", "worker")}
    assert written["kubernetes"] == written["compose"]
    # systemd's web process listens on another address, behind a proxy of the same machine.
    written["systemd"]["web"][4] = "0.0.0.0:8000"
    assert written["systemd"] == written["compose"]
    assert unit("skinsite.target")["Wants"][0].split() == list(UNITS.values())


def test_every_way_is_released_by_the_same_commands():
    wanted = " && ".join(f"python manage.py {command}" for command in RELEASE)
    assert compose()["release"]["command"] == f'sh -c "{wanted}"'
    assert kubernetes()["release"]["args"] == ["sh", "-c", wanted]
    # The images hold the static files already, so that only systemd must collect them.
    wanted = [f"python manage.py {one}" for one in [*RELEASE, "collectstatic --no-input"]]
    assert unit("skinsite-release.service")["ExecStart"] == wanted


def test_containers_may_do_nothing_that_they_need_not():
    for name, service in compose().items():
        if service.get("image", "").startswith("skinsite"):
            assert service["read_only"], name
            assert service["cap_drop"] == ["ALL"]
            assert service["security_opt"] == ["no-new-privileges:true"]
    assert {name for name, one in compose().items() if "ports" in one} == {"proxy"}
    for container in kubernetes().values():
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"]
        assert context["allowPrivilegeEscalation"] is False
        assert container["resources"]["limits"]["memory"]
    assert (DEPLOY / "Containerfile").read_text().count("USER 10001:10001") == 2


def test_every_way_lets_requests_have_what_the_site_takes():
    megabytes = settings.UPLOAD_MAX_REQUEST_BYTES // 1024**2
    assert example()["UPLOAD_MAX_REQUEST_MEGABYTES"] == str(megabytes)
    asked = f"{{$UPLOAD_MAX_REQUEST_MEGABYTES:{megabytes}}}MiB"
    assert f"max_size {asked}\n" in (DEPLOY / "Caddyfile").read_text()
    for name in ("proxy", *ROLES):
        told = compose()[name]["environment"]["UPLOAD_MAX_REQUEST_MEGABYTES"]
        assert told == f"${{UPLOAD_MAX_REQUEST_MEGABYTES:-{megabytes}}}"
    configuration, _ = read_kubernetes("configuration")
    assert configuration["data"]["UPLOAD_MAX_REQUEST_MEGABYTES"] == str(megabytes)
    (ingress,) = [one for one in read_kubernetes("web") if one["kind"] == "Ingress"]
    (limit,) = [v for k, v in ingress["metadata"]["annotations"].items() if "body-size" in k]
    assert limit == f"{megabytes}m"


def test_there_is_room_for_as_many_of_the_largest_requests_as_are_read_at_once():
    needed = LARGE_THREADS * settings.UPLOAD_MAX_REQUEST_BYTES
    web = compose()["web"]
    (options,) = [one for one in web["tmpfs"] if one.startswith("/tmp:")]
    room = in_bytes(options.partition("size=")[2])
    assert needed < room
    # What is in /tmp counts as memory of the container.
    assert room + LIMIT < in_bytes(web["mem_limit"])
    (deployment,) = [one for one in read_kubernetes("web") if one["kind"] == "Deployment"]
    (scratch,) = deployment["spec"]["template"]["spec"]["volumes"]
    assert needed < in_bytes(scratch["emptyDir"]["sizeLimit"].removesuffix("i").lower())
    # A machine's /tmp may be memory, which would count too.
    assert "TMPDIR=/var/tmp" in unit(UNITS["web"])["Environment"]


def in_bytes(size: str) -> int:
    return int(size[:-1]) * 1024 ** {"m": 2, "g": 3}[size[-1]]


def test_the_broker_of_compose_keeps_nothing_on_a_disk():
    """Mails wait in it, with addresses in them."""
    command = shlex.split(compose()["redis"]["command"])
    assert command[command.index("--save") + 1] == ""
    assert command[command.index("--appendonly") + 1] == "no"
    assert "volumes" not in compose()["redis"]


def test_the_example_tells_every_variable_and_no_secret():
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    told = example()
    assert asked <= told.keys()
    # Compose has these from itself.
    assert told.keys() - asked == {"TRUSTED_PROXY_COUNT", "DATABASE_URL", "REDIS_URL"}
    secrets = {name for name in told if re.search("KEY|PASSWORD|TOKEN|_URL", name)}
    assert {told[name] for name in secrets - {"EMAIL_URL"}} == {""}


def test_the_example_filled_in_is_all_that_production_needs(tmp_path):
    filled_in = example() | FILLED_IN
    # An operator fills in only what the example names.
    assert filled_in.keys() == example().keys()
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "PRODUCTION": "true"}
    check = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    answer = subprocess.run(
        check, cwd=ROOT, env=environment | filled_in, capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr


def test_the_web_image_works_without_what_only_the_worker_imports(database, queue, tmp_path):
    port = free_port()
    environment = {
        "DATABASE_URL": database,
        "DATA_DIR": str(tmp_path / "data"),
        "DJANGO_SETTINGS_MODULE": "skinsite.settings",
        "PYTHONPATH": block_left_out(tmp_path),
    }
    collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity=0"]
    subprocess.run(collect, cwd=ROOT, env=os.environ | environment, check=True)
    with Process(runnable(containerfile()["web"], port), tmp_path / "web.log", environment):
        wait_until_it_answers(port, "localhost", tmp_path / "web.log")
        person = Client(f"http://127.0.0.1:{port}")
        person.sign_up("person@example.org")
        assert person.upload([("mole.jpg", judged())]).status_code == 200
        assert person.get("/models/").ok


def runnable(command: list[str], port: int) -> list[str]:
    bound = [part.replace(":8000", f":{port}") for part in command]
    return [str(BIN / bound[0]), *bound[1:]]


def wait_until_it_answers(port: int, host: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if requests.get(f"http://127.0.0.1:{port}/healthz", headers={"Host": host}).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    pytest.fail(log.read_text())


@pytest.fixture
def production(transactional_db, queue, store, endpoint, tmp_path) -> Iterator[int]:
    """Run the commands of `deploy/` with production's settings, and return the web port."""
    environment = example() | {
        "PRODUCTION": "true",
        "DJANGO_SETTINGS_MODULE": "skinsite.settings",
        "SECRET_KEY": FILLED_IN["SECRET_KEY"],
        "DATABASE_URL": database_url(connection.settings_dict["NAME"]),
        "REDIS_URL": os.environ["REDIS_URL"],
        "S3_ENDPOINT": endpoint,
        "S3_BUCKET": "made-by-the-release",
        "S3_ADDRESSING_STYLE": "path",
        "S3_ACCESS_KEY": "testing",
        "S3_SECRET_KEY": "testing",
        "DATA_DIR": str(tmp_path / "data"),
    }
    for command in unit("skinsite-release.service")["ExecStart"]:
        released = [str(BIN / "python"), *command.split()[1:]]
        subprocess.run(released, cwd=ROOT, env=os.environ | environment, check=True)
    assert not (tmp_path / "data" / "db.sqlite3").exists()
    port = free_port()
    with ExitStack() as stack:
        for role, command in commands()["kubernetes"].items():
            log = tmp_path / f"{role}.log"
            stack.enter_context(Process(runnable(command, port), log, environment))
        wait_until_it_answers(port, HOST, tmp_path / "web.log")
        _, *check = compose()["web"]["healthcheck"]["test"]
        told = os.environ | environment | {"PORT": str(port)}
        subprocess.run(runnable(check, port), cwd=ROOT, env=told, check=True)
        yield port


class Visitor(ProxiedClient):
    """This looks at the cookies of every answer, and follows no redirect of a form."""

    def get(self, path: str) -> requests.Response:
        return self._looked_at(super().get(path))

    def send(self, path: str, fields: dict[str, str], files: Any = None) -> requests.Response:
        """Send a form without following a redirect."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path).text)
        answer = self.session.post(
            self.address + path,
            {"csrfmiddlewaretoken": token[1]} | fields,
            files=files,
            headers={"Accept": "application/json" if files else "text/html"},
            allow_redirects=False,
        )
        return self._looked_at(answer)

    def _looked_at(self, answer: requests.Response) -> requests.Response:
        assert all(cookie.secure for cookie in answer.cookies)
        return answer


@pytest.fixture
def visitor(production) -> Visitor:
    return Visitor(f"http://127.0.0.1:{production}", host=HOST)


def test_a_person_gets_a_result_in_production(visitor, store):
    user = User.objects.create(
        email="person@example.org", password=PBKDF2PasswordHasher().encode(PASSWORD, "salt" * 4)
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    fields = {"login": user.email, "password": PASSWORD}
    assert visitor.send("/accounts/login/", fields).headers["Location"] == "/upload/"
    answer = visitor.send("/upload/", {}, [("images", ("mole.jpg", judged()))])
    assert answer.status_code == 201, answer.text
    deadline = time.monotonic() + 90
    while "The network says" not in visitor.get(answer.json()["location"]).text:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    stored = store.list_objects_v2(Bucket="made-by-the-release")["Contents"]
    assert len([one for one in stored if not one["Key"].startswith("models/")]) == 3
    assert visitor.get("/readyz").json() == {"status": "ok"}
    strict = visitor.get("/").headers["Strict-Transport-Security"]
    assert "max-age=31536000" in strict
