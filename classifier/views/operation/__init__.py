"""Addresses for whoever runs the site."""
