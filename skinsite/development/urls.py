"""This lists all addresses of the site, and those of the toolbar."""

from __future__ import annotations

from debug_toolbar.toolbar import debug_toolbar_urls

from skinsite.urls import handler429, handler500, urlpatterns

__all__ = ["handler429", "handler500", "urlpatterns"]

urlpatterns = [*urlpatterns, *debug_toolbar_urls()]
