from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from classifier.services.registry.activate import find_unused_model
from classifier.services.registry.register import register_bundle
from ml.packaging.bundle import Bundle, BundleError


class Command(BaseCommand):
    help = "Register the trained models on disk; the first default one becomes active."

    def handle(self, *args: Any, **options: Any) -> None:
        for model_json in sorted(settings.BUNDLES_DIR.glob("*/model.json")):
            try:
                model_version = register_bundle(Bundle.read(model_json.parent))
            except BundleError as error:
                raise CommandError(str(error)) from None
            state = "active" if model_version.is_active else "registered"
            self.stdout.write(f"{model_version}: {state}")
        if unused := find_unused_model():
            self.stdout.write(
                f"{unused.newer} is newer than {unused.active}, which still analyses new "
                "submissions. Choose the one to use in the admin, under Model versions."
            )
