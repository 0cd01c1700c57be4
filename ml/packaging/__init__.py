"""This room keeps a trained network on disk."""
