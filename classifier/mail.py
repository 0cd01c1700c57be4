"""Leave every mail that Django sends to a worker."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage

from classifier.services.account.mail import post_mail


class Postbox(BaseEmailBackend):
    """Takes every mail, which a worker then sends through ``MAIL_TRANSPORT``."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Take the mails and return how many were taken."""
        for message in email_messages:
            post_mail(message)
        return len(email_messages)
