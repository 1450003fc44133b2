"""Writing what a lock says into a project's own file, and nothing else in it.

``merge.py`` has the text of the file before and after; one module a tool says what goes where.
"""
