from __future__ import annotations

from django.apps import AppConfig


class ClassifierConfig(AppConfig):
    name = "classifier"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from allauth.account.signals import password_reset, user_logged_in

        from classifier.accounts.devices import expect_back

        user_logged_in.connect(expect_back)
        # Whoever reads the mail of an account may try its new password, whatever others tried.
        password_reset.connect(expect_back)
