"""The site over HTTP, with PostgreSQL and Redis behind it."""

from __future__ import annotations

import os
import re
import time

from django.db import connection

from tests.lesions import picture
from tests.site import Client, Site


def test_a_person_uploads_sees_the_result_and_deletes_it(tmp_path):
    redis_url = re.sub(r"/\d*$", "/1", os.environ["REDIS_URL"])
    with Site(tmp_path / "data", REDIS_URL=redis_url) as site:
        client = Client(site.address)
        client.sign_up("person@example.org")
        page = client.upload([("mole.png", picture("png"))])
        path = page.url[len(site.address) :]
        deadline = time.monotonic() + 60
        while "The network says" not in page.text:
            assert time.monotonic() < deadline, page.text
            page = client.get(path)
            time.sleep(0.1)
        assert client.get(path + "image/").headers["Content-Type"] == "image/png"
        assert not (site.data_dir / "db.sqlite3").exists()
        assert client.post(path + "delete/", {}).url.endswith("/history/")
        assert client.get(path).status_code == 404
        assert [p for p in (site.data_dir / "media").rglob("*") if p.is_file()] == []


def test_the_tests_themselves_run_on_postgresql(db):
    assert connection.vendor == "postgresql"
