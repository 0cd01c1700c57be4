from __future__ import annotations

from django import template

from classifier.services.registry.activate import find_unused_model

register = template.Library()
register.simple_tag(find_unused_model, name="unused_model")
