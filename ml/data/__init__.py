"""This room tells where labelled pictures come from, which may be learnt from, and varies them."""
