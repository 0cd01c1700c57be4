"""Leave mails to a worker, so that no page waits for a mail server.

Only while the broker is away does a page send its mail itself, and wait.
Mails hold addresses and links to new passwords. So they are encrypted on their way to the worker,
and are not sent any more after `KEPT`. When one cannot be sent, only the kind of error is logged.
"""

from __future__ import annotations

import json
import logging
from datetime import timedelta

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.message import EmailMessage

from classifier.encryption import fernet
from classifier.services.submissions.dispatch import WorkersUnreachable, send_to_worker

MAIL_TASK = "classifier.mail"
#: A mail that is older than this is not sent: its link is no longer of use to the person.
KEPT = timedelta(hours=1)
PURPOSE = "mail"
FIELDS = ("subject", "body", "from_email", "to", "cc", "bcc", "reply_to", "extra_headers")

logger = logging.getLogger(__name__)


def post_mail(message: EmailMessage) -> None:
    """Leave ``message`` to a worker, or send it now where none can be reached.

    The page does not fail where a mail cannot be sent, since the person can ask for another one.
    """
    if message.attachments:
        raise ValueError("Mails of this site have no attachments.")
    content = {name: getattr(message, name) for name in FIELDS}
    content["alternatives"] = [[*one] for one in getattr(message, "alternatives", [])]
    sealed = fernet(PURPOSE).encrypt(json.dumps(content).encode()).decode()
    try:
        send_to_worker(task=MAIL_TASK, args=[sealed])
    except WorkersUnreachable as error:
        logger.error("Broker unreachable, a mail is sent without it: %s", error)
        if failure := send_posted_mail(sealed):
            logger.error("A mail could not be sent: %s", failure)


def send_posted_mail(sealed: str) -> str:
    """Send a mail that `post_mail` left, and return which kind of error occurred.

    The text is empty where none did. It is empty too where the mail is not sent at all, since it is
    too old or was encrypted with another secret.
    """
    try:
        content = fernet(PURPOSE).decrypt(sealed.encode(), ttl=int(KEPT.total_seconds()))
    except InvalidToken:
        logger.error("A mail is too old, or of another secret: it is not sent")
        return ""
    fields = json.loads(content)
    fields["headers"] = fields.pop("extra_headers")
    fields["alternatives"] = [tuple(one) for one in fields["alternatives"]]
    connection = get_connection(settings.MAIL_TRANSPORT)
    try:
        EmailMultiAlternatives(**fields, connection=connection).send()
    # Any error is told by its kind alone, since its text may hold an address.
    except Exception as error:
        code = getattr(error, "smtp_code", "")
        return f"{type(error).__name__} {code}".strip()
    return ""
