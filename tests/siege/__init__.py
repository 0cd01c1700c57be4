"""Let accounts and strangers do their worst to a site in production: ``make siege``."""
