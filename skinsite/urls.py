"""This lists all addresses of the site."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.shortcuts import redirect
from django.urls import include, path

from classifier.views.operation import overview

# The admin's own login form would not count failed attempts.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
# The admin's form for a new password would not tell anybody by mail.
admin.site.password_change = lambda request: redirect("account_change_password")  # type: ignore[method-assign,assignment,misc]

urlpatterns = [
    path("", include("classifier.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("admin/operation/", overview.show, name="operation"),
    path("admin/", admin.site.urls),
]

handler500 = "classifier.views.pages.server_error"
handler429 = "classifier.views.pages.too_many_attempts"
