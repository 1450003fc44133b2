"""The package index: what projects offer, what their wheels require, and the wheels themselves.

Only this package talks to the network. ``client.IndexClient`` is its face; ``model`` has the
values that it gives out, ``errors`` what can go wrong.
"""
