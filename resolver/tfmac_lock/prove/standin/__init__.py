"""A plugin that stands in for Metal on Linux, and what TensorFlow does beside it.

The contract between TensorFlow and a plugin is the same everywhere: a device, kernels, and a graph
optimizer that TensorFlow calls. ``plugin/`` is such a plugin in C, for a device that computes on
the host. What it shows holds for TensorFlow's side alone; what Metal itself does it cannot show.
"""
