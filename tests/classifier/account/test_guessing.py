"""Few guesses at passwords are allowed, and they lock nobody out of their own browser."""

from __future__ import annotations

import pytest
from allauth.core.internal.ratelimit import parse_rates
from django.conf import settings
from django.test import Client
from django.urls import reverse

from classifier.accounts.devices import COOKIE
from classifier.views.pages import LIMITS_END_AFTER
from tests.classifier.account.signing_in import (
    NEW_PASSWORD,
    is_signed_in,
    log_in,
    set_password_by_mail,
)
from tests.classifier.markup import visible_text
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
LOGIN, RESET = reverse("account_login"), reverse("account_reset_password")


def fails(client: Client, email: str, times: int = 1, **options: object) -> list[int]:
    """Log in with a wrong password so many times, and return the statuses."""
    return [log_in(client, email, "wrong", **options).status_code for _ in range(times)]


@pytest.fixture
def used(owner) -> Client:
    """Return a browser in which the owner has signed in before, and out again."""
    client = Client()
    assert log_in(client, owner.email).status_code == 302
    client.post(reverse("account_logout"))
    return client


def test_guessing_one_password_is_stopped(client, owner):
    assert fails(client, owner.email, 6) == [200] * 5 + [429]
    # It is stopped even with the right password, and with the address in another case.
    assert log_in(client, owner.email.upper()).status_code == 429
    assert not is_signed_in(client)


def test_who_is_stopped_learns_for_how_long_and_what_helps(client, owner):
    fails(client, owner.email, 5)
    answer = log_in(client, owner.email)
    assert (answer.status_code, answer["Retry-After"]) == (429, "300")
    text = visible_text(answer.content)
    assert "Too many attempts" in text
    assert "5 minutes" in text
    assert f'href="{RESET}"' in answer.content.decode()


def test_no_limit_lasts_longer_than_is_told():
    rates = [rate for text in settings.ACCOUNT_RATE_LIMITS.values() for rate in parse_rates(text)]
    assert max(rate.duration for rate in rates) == LIMITS_END_AFTER


def test_guesses_elsewhere_do_not_lock_anybody_out_of_their_own_browser(client, owner, used):
    assert fails(client, owner.email, 6)[-1] == 429
    assert fails(used, owner.email) == [200]
    assert log_in(used, owner.email).status_code == 302


def test_guesses_from_the_same_address_do_not_either(owner, used):
    for number in range(10):
        fails(Client(), f"{number}@example.org", 5)
    assert fails(Client(), "somebody@example.org") == [429]
    assert log_in(used, owner.email).status_code == 302


def test_guesses_in_a_known_browser_are_stopped_too(owner, used):
    assert fails(used, owner.email, 11) == [200] * 10 + [429]
    # They do not close any other browser.
    assert log_in(Client(), owner.email).status_code == 302


def test_a_browser_is_known_for_those_alone_who_have_signed_in_there(used, owner, other):
    assert fails(used, other.email, 6)[-1] == 429
    log_in(used, other.email)
    assert not is_signed_in(used)
    assert log_in(used, owner.email).status_code == 302


def test_people_share_a_browser(used, owner, other):
    log_in(used, other.email)
    used.post(reverse("account_logout"))
    for person in (owner, other):
        assert fails(Client(), person.email, 6)[-1] == 429
        assert log_in(used, person.email).status_code == 302
        used.post(reverse("account_logout"))


def test_a_cookie_that_somebody_made_up_is_worth_nothing(client, owner, used):
    genuine = used.cookies[COOKIE].value
    fails(client, owner.email, 5)
    for forged in (f"{owner.pk}", genuine[:-1], genuine.replace(":", "x", 1)):
        client.cookies[COOKIE] = forged
        assert log_in(client, owner.email).status_code == 429


def test_the_cookie_says_nothing_of_anybody_and_opens_nothing(used, owner):
    cookie = used.cookies[COOKIE]
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"]) == ("Lax", "/accounts/")
    stranger = Client()
    stranger.cookies[COOKIE] = cookie.value
    assert not is_signed_in(stranger)


def test_a_new_password_by_mail_is_the_way_out(client, owner):
    fails(client, owner.email, 6)
    client.post(RESET, {"email": owner.email})
    set_password_by_mail(client)
    # The guesses go on in another browser.
    fails(Client(), owner.email, 6)
    assert log_in(client, owner.email, NEW_PASSWORD).status_code == 302


def test_ten_mistakes_do_not_shut_an_address_that_many_share(client, owner):
    assert [fails(Client(), f"{n}@example.org") for n in range(49)] == [[200]] * 49
    assert log_in(client, owner.email).status_code == 302
    assert fails(Client(), "49@example.org") == [200]
    assert fails(Client(), "50@example.org") == [429]


def test_an_address_cannot_pretend_to_be_many(client):
    for n in range(51):
        (code,) = fails(client, f"{n}@example.org", headers={"x-forwarded-for": f"10.0.0.{n}"})
    assert code == 429


def test_another_name_of_the_site_is_no_other_limit(client, owner):
    fails(client, owner.email, 5, headers={"host": "localhost"})
    assert log_in(client, owner.email, headers={"host": "127.0.0.1"}).status_code == 429


@pytest.mark.usefixtures("_time_stands_still")
def test_signing_in_in_a_hurry_is_stopped(owner):
    codes = [log_in(Client(), owner.email).status_code for _ in range(101)]
    assert codes == [302] * 100 + [429]
    assert Client().get(LOGIN).status_code == 200


def test_the_limits_end(client, owner, time_machine):
    time_machine.move_to("2026-03-01 12:00:00+00:00", tick=False)
    assert fails(client, owner.email, 6)[-1] == 429
    time_machine.move_to("2026-03-01 12:05:00+00:00", tick=False)
    assert log_in(client, owner.email).status_code == 302


@pytest.mark.usefixtures("_time_stands_still")
def test_signing_up_in_a_hurry_is_stopped():
    def sign_up(n: int) -> int:
        fields = {"email": f"{n}@example.org", "password1": PASSWORD, "password2": PASSWORD}
        return Client().post(reverse("account_signup"), fields).status_code

    assert [sign_up(n) for n in range(21)] == [302] * 20 + [429]


def test_the_login_of_the_admin_counts_too(client, superuser):
    fails(client, superuser.email, 6)
    answer = client.post(
        reverse("admin:login"), {"username": superuser.email, "password": PASSWORD}, follow=True
    )
    assert answer.wsgi_request.path_info == LOGIN
    assert not is_signed_in(client)
