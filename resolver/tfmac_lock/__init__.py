"""tfmac-lock: lockfiles for TensorFlow on a Mac that install, import and train."""

__version__ = "0.1.0"
