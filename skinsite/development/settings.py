"""These settings show errors in the browser and analyse in the same process, for developers.

They are a module of their own rather than a variable, so that no mistake in the environment of a
site that serves people can show errors to them.
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
# This process sends each mail itself, because there is no worker to send it.
EMAIL_BACKEND = MAIL_TRANSPORT
# A failure is there to be looked at, so that it is not tried again.
ANALYSIS_MAX_ATTEMPTS = 1

INSTALLED_APPS = [*INSTALLED_APPS, "debug_toolbar"]
MIDDLEWARE = ["debug_toolbar.middleware.DebugToolbarMiddleware", *MIDDLEWARE]
INTERNAL_IPS = ["127.0.0.1", "::1"]
