"""Fit django-allauth to the site beyond its settings: mails, guesses and second factors."""
