from __future__ import annotations

from django import template

from classifier.services.registry.activate import find_unused_model
from classifier.services.registry.samples import list_samples

register = template.Library()
register.simple_tag(find_unused_model, name="unused_model")
register.simple_tag(list_samples, name="sample_pictures")
