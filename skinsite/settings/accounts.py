"""These settings are about sign-up, login and mail."""

from __future__ import annotations

from skinsite.settings.environment import EMAIL_URL, PRODUCTION, env

AUTH_USER_MODEL = "classifier.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTH_PASSWORD_VALIDATORS[1]["OPTIONS"] = {"min_length": 10}  # type: ignore[assignment]
# A sign-in costs a tenth of the processor time of Django's default, for a hash that is as hard to
# guess. The second one reads what was set before; signing in replaces it.
PASSWORD_HASHERS = [
    "classifier.accounts.hashers.Argon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "upload"
LOGOUT_REDIRECT_URL = "home"

ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
# On a laptop mail only reaches the console, so an address need not be confirmed there.
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if PRODUCTION else "optional"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "SkinSite: "
# The owner of a password or a second factor is told of each change, because somebody else may have
# made it.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
# So many attempts are allowed per address (ip) and per account (key). Those beyond them are
# answered with 429.
ACCOUNT_RATE_LIMITS = {
    # An address may be that of a whole clinic in the morning.
    "login": "100/m/ip",
    # Where somebody has signed in before, only what is tried in that browser counts.
    "login_failed": "5/5m/key",
    "login_failed_from_address": "50/5m/ip",
    "login_failed_in_known_browser": "10/5m/key",
    "signup": "20/m/ip",
    "reset_password": "20/m/ip,5/m/key",
    "change_password": "5/m/user",
    "second_factor_link": "5/5m/user",
}
ACCOUNT_ADAPTER = "classifier.accounts.adapter.AccountAdapter"
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
# A passkey that the device unlocks by PIN or biometrics is two factors in one, so that it replaces
# the password too.
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "SkinSite"
MFA_ALLOW_UNVERIFIED_EMAIL = not PRODUCTION
MFA_FORMS = {
    "add_webauthn": "classifier.forms.AddKeyForm",
    "edit_webauthn": "classifier.forms.RenameKeyForm",
}
MFA_ADAPTER = "classifier.accounts.encryption.EncryptingMFAAdapter"
# People who may see others' pictures prove with a second factor who they are.
STAFF_SECOND_FACTOR = env.bool("STAFF_SECOND_FACTOR", default=PRODUCTION)

# A worker sends mails, and tries those that fail again after so many seconds. No pause may be as
# long as Redis waits for an acknowledgement, or the mail would be sent twice.
EMAIL_BACKEND = "classifier.mail.Postbox"
MAIL_RETRY_PAUSES = (10, 30, 90, 240)
_mail_server = {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
if EMAIL_URL:
    _mail_server = env.email_url("EMAIL_URL")
MAIL_TRANSPORT = _mail_server.pop("EMAIL_BACKEND")
vars().update(_mail_server)
# The mail server has this many seconds for each answer.
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=10)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="SkinSite <noreply@localhost>")
