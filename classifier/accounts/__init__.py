"""What the site asks of django-allauth beyond its settings: mails, guesses, second factors."""
