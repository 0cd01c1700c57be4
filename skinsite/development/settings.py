"""The site's settings for whoever works on it: errors in the browser, analysis in the same process.

These are settings of their own rather than a variable, so that no mistake in the environment of a
site that serves people can show them.
"""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from skinsite.settings import *  # noqa: F403
from skinsite.settings.accounts import MAIL_TRANSPORT
from skinsite.settings.base import INSTALLED_APPS, MIDDLEWARE
from skinsite.settings.environment import PRODUCTION, env

if PRODUCTION:
    raise ImproperlyConfigured("These settings show the insides of the site: not in production.")

DEBUG = True
ROOT_URLCONF = "skinsite.development.urls"
DISPATCHER = env.str(
    "DISPATCHER", default="classifier.services.submissions.dispatch.run_in_this_process"
)
# There is no worker to send it.
EMAIL_BACKEND = MAIL_TRANSPORT
# A failure is to be looked at, not tried again.
ANALYSIS_MAX_ATTEMPTS = 1

INSTALLED_APPS = [*INSTALLED_APPS, "debug_toolbar"]
MIDDLEWARE = ["debug_toolbar.middleware.DebugToolbarMiddleware", *MIDDLEWARE]
INTERNAL_IPS = ["127.0.0.1", "::1"]
