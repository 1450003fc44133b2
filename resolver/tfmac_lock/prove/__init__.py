"""Knowing that a lock trains: the MNIST proof, its twin on Linux, and evidence out of both.

``train_mnist`` is the proof itself and runs inside the environment that it judges; everything
else here makes environments for it or turns its reports into facts.
"""
