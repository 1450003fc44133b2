"""Locks: what is written, in which formats, and how it is verified before that."""
