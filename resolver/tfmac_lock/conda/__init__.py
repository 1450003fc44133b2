"""Mixed locks: Python, pip and native packages from a conda channel, the rest as wheels.

Only ``client.py`` and ``verify.py`` import rattler, and only when they are used; everything
else here works on values.
"""
