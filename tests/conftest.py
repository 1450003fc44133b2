"""What holds for every test: no property test has a deadline, since no test times itself."""

from hypothesis import settings

settings.register_profile("project", deadline=None)
settings.load_profile("project")
