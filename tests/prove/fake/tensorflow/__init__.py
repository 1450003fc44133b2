"""A TensorFlow for tests: the few calls that the proof makes, in numpy, and it really learns.

``FAKE_FAULT`` names what is wrong with it; ``FAKE_GPU`` lets it list a GPU.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import types
from pathlib import Path

import numpy as np

__version__ = "2.16.2"
FAULT = os.environ.get("FAKE_FAULT", "")

if FAULT == "hang-at-import":
    if "FAKE_READY" in os.environ:
        Path(os.environ["FAKE_READY"]).write_text("hanging")  # a pipe that the test reads
    threading.Event().wait()
if FAULT == "exit-at-import":
    sys.exit("this interpreter is not for me")


class Tensor:
    def __init__(self, value, device="/device:CPU:0"):
        self.value = np.asarray(value)
        self.device = device

    def numpy(self):
        return self.value


def constant(value):
    return Tensor(value)


def ones(shape):
    return Tensor(np.ones(shape, dtype="float32"))


_place = ["/CPU:0"]


@contextlib.contextmanager
def device(name):
    _place.append(name)
    try:
        yield
    finally:
        _place.pop()


def matmul(a, b):
    product = a.value @ b.value
    if FAULT == "wrong-matmul":
        product = product + 1.0
    place = "/CPU:0" if FAULT == "gpu-unused" else _place[-1]
    return Tensor(product, f"/job:localhost/device:{place.strip('/')}")


class _Gpu:
    name = "/physical_device:GPU:0"


config = types.SimpleNamespace(
    list_physical_devices=lambda _kind: [_Gpu()] if os.environ.get("FAKE_GPU") else [],
    set_visible_devices=lambda _devices, _kind: None,
)
random = types.SimpleNamespace(set_seed=lambda _seed: None)


class Flatten:
    pass


class Dropout:
    def __init__(self, rate):
        self.rate = rate


class Dense:
    def __init__(self, units, activation):
        self.units = units
        self.activation = activation


def _layer_call(layer, chain):
    return [*chain, layer]


for _kind in (Flatten, Dropout, Dense):
    _kind.__call__ = _layer_call


class Model:
    """Flatten, Dense relu, Dropout, Dense softmax; or the first two over the same weights."""

    def __init__(self, _image, chain):
        self.dense = [layer for layer in chain if isinstance(layer, Dense)]
        if len(self.dense) == 2:
            draw = np.random.RandomState(1)
            Model.shared = self.weights = {
                "w1": draw.randn(784, self.dense[0].units) * 0.05,
                "b1": np.zeros(self.dense[0].units),
                "w2": draw.randn(self.dense[0].units, 10) * 0.1,
                "b2": np.zeros(10),
            }
        else:
            self.weights = Model.shared

    def compile(self, **_how):
        pass

    def _hidden(self, images, clips=True):
        scores = images.reshape(len(images), -1) @ self.weights["w1"] + self.weights["b1"]
        return np.maximum(scores, 0.0) if clips else scores

    def _forward(self, images, clips=True):
        hidden = self._hidden(images, clips)
        if len(self.dense) == 1:
            return hidden
        scores = hidden @ self.weights["w2"] + self.weights["b2"]
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def fit(self, images, labels, batch_size, epochs, verbose):
        if FAULT == "segfault":
            import ctypes

            sys.stdout.write("about to fall\n")
            sys.stdout.flush()
            ctypes.string_at(0)
        if FAULT == "abort":
            os.abort()
        if FAULT == "no-space":
            raise OSError(28, os.strerror(28))
        rate = 1e-6 if FAULT == "does-not-learn" else 0.2
        batch_size *= 2  # half of the steps is enough for a fake
        weights, losses = self.weights, []
        for _ in range(epochs):
            total = 0.0
            for start in range(0, len(images), batch_size):
                x = images[start : start + batch_size].reshape(-1, 784)
                y = labels[start : start + batch_size]
                hidden = self._hidden(x)
                output = self._forward(x)
                total -= float(np.log(output[np.arange(len(y)), y] + 1e-9).sum())
                output[np.arange(len(y)), y] -= 1.0
                output /= len(y)
                back = (output @ weights["w2"].T) * (hidden > 0)
                weights["w2"] -= rate * hidden.T @ output
                weights["b2"] -= rate * output.sum(axis=0)
                weights["w1"] -= rate * x.T @ back
                weights["b1"] -= rate * back.sum(axis=0)
            losses.append(total / len(images))
        return types.SimpleNamespace(history={"loss": losses})

    def predict(self, images, verbose):
        return self._forward(images, clips=FAULT != "relu-does-not-clip")

    def evaluate(self, images, labels, verbose):
        return 0.0, float(np.mean(np.argmax(self._forward(images), axis=1) == labels))

    def __call__(self, images, training):
        return Tensor(self._forward(images.value))

    def get_weights(self):
        return [self.weights[name].copy() for name in ("w1", "b1", "w2", "b2")]

    def save(self, path):
        with Path(path).open("wb") as file:
            file.write(b"\x89HDF\r\n\x1a\n")
            np.savez(file, **self.weights)


def load_model(path):
    if FAULT == "h5-does-not-load":
        raise ValueError("No model config found in the file")
    with Path(path).open("rb") as file:
        file.seek(8)
        stored = dict(np.load(file))
    model = Model(None, [Dense(128, "relu"), Dense(10, "softmax")])
    model.weights = stored
    if FAULT == "h5-loads-others":
        model.weights["w2"] = model.weights["w2"] * 0.1
    return model


keras = types.SimpleNamespace(
    __version__="3.9.0",
    Input=lambda shape: [],
    Model=Model,
    layers=types.SimpleNamespace(Flatten=Flatten, Dense=Dense, Dropout=Dropout),
    optimizers=types.SimpleNamespace(
        Adam=lambda: "adam", legacy=types.SimpleNamespace(Adam=lambda: "adam")
    ),
    models=types.SimpleNamespace(load_model=load_model),
)
