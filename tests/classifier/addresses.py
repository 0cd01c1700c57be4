"""This lists every address of the site, as the resolver has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import Group
from django.contrib.auth.tokens import default_token_generator
from django.contrib.contenttypes.models import ContentType
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.http import int_to_base36

from classifier.models import AuditEntry, Review, Submission
from tests.classifier.fakes import keep_figure


def _addresses(
    resolver: URLResolver, prefix: str = "", namespace: str = ""
) -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield (f"{namespace}{entry.name}" if entry.name else route), route
        else:
            inner = f"{entry.namespace}:" if entry.namespace else namespace
            yield from _addresses(entry, route, inner)


#: These are all routes by name. An address without a name is called by its route.
ROUTES = dict(_addresses(get_resolver()))


def address(name: str, submission: Submission) -> str:
    """Return the address called ``name`` of one submission."""
    return reverse(name, args=[submission.pk])


class Paths:
    """This gives the path of each name, with the keys of rows that are there.

    Args:
        submission: a submission with a prediction and one review.
    """

    def __init__(self, submission: Submission) -> None:
        self.submission, owner, review = submission, submission.owner, submission.reviews.get()
        email = EmailAddress.objects.create(user=owner, email=owner.email, verified=True)
        self.keys: dict[str, Any] = {
            "classifier_submission": submission.pk,
            "classifier_review": review.pk,
            "classifier_auditentry": AuditEntry.objects.create(
                action="saw", subject_type="submission"
            ).pk,
            "classifier_modelversion": submission.prediction.model_version_id,
            "classifier_user": owner.pk,
            "auth_user": owner.pk,
            "auth_group": Group.objects.get().pk,
            "account_emailaddress": email.pk,
            "mfa_authenticator": TOTP.activate(review.reviewer, "A" * 32).instance.pk,
        }
        version = submission.prediction.model_version
        name_and_version = [version.name, version.version]
        keep_figure(version, "held-out-roc")
        token = default_token_generator.make_token(owner)
        self.arguments: dict[str, list[Any]] = {
            "admin:app_list": ["classifier"],
            "admin:view_on_site": [ContentType.objects.get_for_model(Review).pk, review.pk],
            "admin:classifier_review_simple_history": [review.pk, review.history.get().pk],
            "account_confirm_email": ["no-such-key"],
            "second_factor_set_up": ["no-such-key"],
            "sample": ["nevus"],
            "sample_heat_map": ["nevus"],
            "use_sample": ["nevus"],
            "model": [version.name],
            "model_version": name_and_version,
            "model_figure": [version.name, "held-out-roc"],
            "model_version_figure": [*name_and_version, "held-out-roc"],
            "mfa_edit_webauthn": [1],
            "mfa_remove_webauthn": [1],
            "account_reset_password_from_key": [int_to_base36(owner.pk), token],
        }

    def __call__(self, name: str) -> str:
        if name in self.arguments:
            return reverse(name, args=self.arguments[name])
        if name.startswith("admin/") and "<path:object_id>" in name:
            _, app, model, *_ = name.split("/")
            return "/" + name.replace("<path:object_id>", str(self.keys[f"{app}_{model}"]))
        if name == "admin/(?P<url>.*)$":
            return "/admin/no/such/page/"
        if "<uuid:pk>" in ROUTES[name]:
            return reverse(name, args=[self.submission.pk])
        if "<path:object_id>" in ROUTES[name] or "<id>" in ROUTES[name]:
            model = "_".join(name.removeprefix("admin:").split("_")[:2])
            return reverse(name, args=[self.keys[model]])
        return reverse(name)
