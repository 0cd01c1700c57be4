from __future__ import annotations

from django.apps import AppConfig


class ClassifierConfig(AppConfig):
    name = "classifier"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from allauth.account.signals import password_changed, password_reset, user_logged_in
        from allauth.mfa.signals import authenticator_added

        from classifier.accounts.devices import expect_back
        from classifier.accounts.endings import end_other_sessions
        from classifier.accounts.proof import note_new_factor

        user_logged_in.connect(expect_back)
        # A person who resets a password reads the account's mail. They may try the new password
        # however often others have guessed.
        password_reset.connect(expect_back)
        for better_protected in (password_changed, password_reset, authenticator_added):
            better_protected.connect(end_other_sessions)
        authenticator_added.connect(note_new_factor)
