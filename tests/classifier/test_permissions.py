import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import URLPattern, get_resolver

from tests.factories import *


def walk(resolver, prefix="", namespaces=()):
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield ":".join([*namespaces, entry.name]) if entry.name else route, route
        else:
            yield from walk(
                entry, route, (*namespaces, entry.namespace) if entry.namespace else namespaces
            )


@pytest.mark.django_db
def test_dump(owner, other, reviewer, staff, superuser, login):
    s = SubmissionFactory(owner=owner, done=True)
    r = ReviewFactory(submission=s)
    mv = ModelVersionFactory()
    mv.is_active = True
    mv.save()
    e = EmailAddress.objects.create(user=owner, email=owner.email)
    ids = {
        "classifier_submission": s.pk,
        "classifier_review": r.pk,
        "classifier_modelversion": mv.pk,
        "classifier_user": owner.pk,
        "auth_group": Group.objects.get().pk,
        "account_emailaddress": e.pk,
    }
    import re

    for key, route in walk(get_resolver()):
        m = re.search(r"admin/(\w+)/(\w+)/", route)
        pk = ids.get(f"{m[1]}_{m[2]}") if m else s.pk
        path = "/" + route.replace("<uuid:pk>", str(pk)).replace(
            "<path:object_id>", str(pk)
        ).replace("<id>", str(pk)).replace("<path:content_type_id>", "1")
        path = (
            path.replace("^([^/]+)/history/([^/]+)/$", f"{pk}/history/{r.history.first().pk}/")
            .replace("^confirm-email/(?P<key>[-:\\w]+)/$", "confirm-email/abc/")
            .replace(
                "^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
                "password/reset/key/1-abc/",
            )
            .replace("^(?P<app_label>classifier|auth|account)/$", "classifier/")
            .replace("(?P<url>.*)$", "nothing/")
            .replace("^", "")
        )
        out = []
        for u in (None, other, owner, reviewer, staff, superuser):
            c = login(u) if u else Client()
            c.raise_request_exception = False
            a = c.get(path, follow=True)
            a.close()
            o = "login" if a.request["PATH_INFO"] == "/accounts/login/" else a.status_code
            out.append(str(o))
        print(f"{key:50} {' '.join(out):40} {path}")
