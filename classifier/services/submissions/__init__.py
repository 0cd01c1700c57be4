"""The way of one picture: sent in, claimed, analysed, recorded, retried, deleted."""
