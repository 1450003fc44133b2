#!/usr/bin/env python3
"""Prove that the TensorFlow of this environment trains: MNIST, on the device you name.

    python train_mnist.py --device cpu|gpu|auto [--data mnist.npz | --synthetic]
                          [--report out.json] [--core] [--bench]

One file, the standard library and TensorFlow, Python 3.8 and newer, TensorFlow 2.5 to 2.21:
copy it into any environment and run it. The work is done in stages, in a child process, so
that a stage that hangs, aborts or takes the interpreter down is caught and reported like any
other failure. The proof holds only if every stage ran and passed; only jit may be refused.

    import     import tensorflow
    devices    the device that was asked for is there
    data       the images, 28 x 28, ten classes
    matmul     a product of matrices on the device against numpy in float64
    train      Flatten, Dense 128 relu, Dropout 0.2, Dense 10 softmax; Adam; 5 epochs
    accuracy   on the test images, over the floor
    save       to one .h5 file
    predict    finite probabilities that add up to one
    load       the .h5 file loads and predicts the same
    agreement  predict against the eager call, against the CPU and against numpy; relu clips

And what is known to go wrong without an error, each on the device against the CPU (``--core``
leaves these out; the id of the defect stands behind the stage in FAULT_STAGES):

    relu       the activation of a Dense layer in a compiled graph
    float16    products and sums in half precision
    conv1d     a Conv1D layer of more than 65,536 filters
    embedding  lookups in and out of range
    seeds      the same seed draws the same numbers, another one draws others
    simplernn  a SimpleRNN layer
    jit        a function with jit_compile; a device that refuses it with an error says so
    diverge    a network whose loss falls on the CPU, trained long enough to explode
    momentum   SGD with momentum, against its formula

Exit status: 0 the proof holds, 1 it does not, 2 bad usage, 3 the outside failed (the data
could not be had, the report could not be written).
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import datetime
import getpass
import hashlib
import importlib
import json
import os
import platform
import random
import re
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import uuid
from importlib import metadata
from pathlib import Path
from typing import Any, Callable, Dict, Iterator

SCHEMA_VERSION = 1
EPOCHS = 5
BATCH = 32
SEED = 20

# Five epochs of this network reach 0.976 to 0.980 on MNIST and 0.99 on the drawn digits;
# guessing reaches 0.1. The floors lie where something is wrong and not merely unlucky.
ACCURACY_FLOOR = {"mnist": 0.96, "file": 0.96, "synthetic": 0.95}

# float32 sums of 512 products differ from float64 by some 1e-6 of the largest; a device
# that computes in half precision, as some GPUs do for products, by some 1e-3.
MATMUL_TOLERANCE = 5e-3

# Probabilities of one model computed in two ways differ by 1e-6 on CPUs and 1e-4 on GPUs; a
# relu that does not clip moves them by tenths.
AGREEMENT_TOLERANCE = 5e-3

# Seconds a stage may take before it counts as hanging. The first import on a Mac took 32 s.
TIME_LIMITS = {"import": 300, "train": 1200}
TIME_LIMIT = 300
BENCH_TIME_LIMIT = 3600

# What a fault stage may differ by: float32 of a GPU, and half precision.
FAULT_TOLERANCE = 5e-3
HALF_TOLERANCE = 3e-2

# The loss after many small epochs differs between devices by some hundredths; where training
# diverges it is many times the CPU's.
DIVERGED = 2.0

LAST_LINES = 25


class StageFailure(Exception):
    """A stage ran to its end and what it found is wrong."""


class RefusedByDevice(Exception):
    """The device has no part for what was asked of it, and says so: a limit, and no fault."""


class OutsideFailure(Exception):
    """Something outside TensorFlow failed: no network, an unreadable file."""


# ------------------------------------------------------------------------- the child: stages


class Proof:
    """What the stages hand on to each other; ``tf`` and ``np`` are set by the first."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        self.folder = folder
        self.tf: Any = None
        self.np: Any = None
        self.data: tuple[Any, Any, Any, Any] = (None, None, None, None)
        self.model: Any = None
        self.hidden: Any = None
        self.on_gpu = False

    def device(self) -> str:
        return "/GPU:0" if self.on_gpu else "/CPU:0"


Figures = Dict[str, Any]


def stage_import(proof: Proof) -> Figures:
    proof.np = importlib.import_module("numpy")
    proof.tf = importlib.import_module("tensorflow")
    if not hasattr(proof.tf, "__version__"):
        # What is left of a package after an empty stub was installed is a bare folder.
        raise StageFailure("the module tensorflow is empty: no TensorFlow is installed")
    random.seed(SEED)
    proof.np.random.seed(SEED)
    proof.tf.random.set_seed(SEED)
    return {"version": str(proof.tf.__version__)}


def stage_devices(proof: Proof) -> Figures:
    tf = proof.tf
    gpus = [device.name for device in tf.config.list_physical_devices("GPU")]
    asked = proof.options.device
    if asked == "gpu" and not gpus:
        raise StageFailure("a GPU was demanded and TensorFlow lists none")
    proof.on_gpu = bool(gpus) and asked != "cpu"
    if gpus and not proof.on_gpu:
        tf.config.set_visible_devices([], "GPU")
    return {"gpus": gpus, "used": "gpu" if proof.on_gpu else "cpu"}


def stage_data(proof: Proof) -> Figures:
    np, options = proof.np, proof.options
    if options.synthetic:
        arrays = draw_digits(np, 6000, SEED) + draw_digits(np, 1000, SEED + 1)
    elif options.data:
        try:
            with np.load(options.data, allow_pickle=False) as archive:
                names = ("x_train", "y_train", "x_test", "y_test")
                arrays = tuple(archive[name] for name in names)
        except (OSError, KeyError, ValueError) as error:
            raise OutsideFailure(f"{options.data}: {error}") from error
    else:
        try:
            train, test = proof.tf.keras.datasets.mnist.load_data()
        except Exception as error:  # urllib, ssl and Keras each raise their own
            raise OutsideFailure(f"MNIST could not be fetched: {error}") from error
        arrays = tuple(train) + tuple(test)
    x_train, y_train, x_test, y_test = arrays
    for images, labels in ((x_train, y_train), (x_test, y_test)):
        if images.shape[1:] != (28, 28) or labels.shape != images.shape[:1] or not len(labels):
            raise OutsideFailure(f"not MNIST: images {images.shape}, labels {labels.shape}")
    if len(set(y_test.tolist())) != 10:
        raise OutsideFailure("not MNIST: the test labels are not ten classes")
    proof.data = (
        (x_train / 255.0).astype("float32"),
        y_train.astype("int64"),
        (x_test / 255.0).astype("float32"),
        y_test.astype("int64"),
    )
    return {"train_images": len(y_train), "test_images": len(y_test)}


def stage_matmul(proof: Proof) -> Figures:
    np, tf = proof.np, proof.tf
    draw = np.random.RandomState(SEED)
    a = draw.standard_normal((512, 512)).astype("float32")
    b = draw.standard_normal((512, 512)).astype("float32")
    with tf.device(proof.device()):
        product = tf.matmul(tf.constant(a), tf.constant(b))
    where = str(product.device)
    if proof.on_gpu and "GPU" not in where:
        raise StageFailure(f"the product was computed on {where!r} and not on the GPU")
    exact = a.astype("float64") @ b.astype("float64")
    error = float(np.max(np.abs(product.numpy() - exact)) / np.max(np.abs(exact)))
    if not error <= MATMUL_TOLERANCE:  # so that NaN fails
        raise StageFailure(f"matmul is wrong: relative error {error:.3g}")
    return {"relative_error": error, "device": where}


def build_model(proof: Proof) -> tuple[Any, Any]:
    """Return the compiled model and, over the same weights, the model up to the relu."""
    keras = proof.tf.keras
    image = keras.Input(shape=(28, 28))
    hidden = keras.layers.Dense(128, activation="relu")(keras.layers.Flatten()(image))
    output = keras.layers.Dense(10, activation="softmax")(keras.layers.Dropout(0.2)(hidden))
    model = keras.Model(image, output)
    optimizers = keras.optimizers
    if proof.options.optimizer == "legacy-adam":
        optimizers = optimizers.legacy
    # Keras 3 turns XLA on by itself, except on Macs with an M-chip. Off everywhere, the same
    # graphs run everywhere. Keras 2 has it off, and in its oldest releases not at all.
    plain = {"jit_compile": False} if keras_major(keras) >= 3 else {}
    model.compile(
        optimizer=optimizers.Adam(),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        **plain,
    )
    return model, keras.Model(image, hidden)


def keras_major(keras: Any) -> int:
    found = re.match(r"\d+", str(getattr(keras, "__version__", "2")))
    return int(found.group()) if found else 2


def stage_train(proof: Proof) -> Figures:
    x_train, y_train, _, _ = proof.data
    with proof.tf.device(proof.device()):
        proof.model, proof.hidden = build_model(proof)
        began = time.perf_counter()
        history = proof.model.fit(x_train, y_train, batch_size=BATCH, epochs=EPOCHS, verbose=2)
    losses = [float(loss) for loss in history.history["loss"]]
    if not losses[-1] < losses[0]:
        raise StageFailure(f"the loss did not fall: {losses}")
    return {"fit_seconds": time.perf_counter() - began, "losses": losses, "epochs": EPOCHS}


def stage_accuracy(proof: Proof) -> Figures:
    _, _, x_test, y_test = proof.data
    _, accuracy = proof.model.evaluate(x_test, y_test, verbose=0)
    floor = ACCURACY_FLOOR[data_kind(proof.options)]
    if not accuracy >= floor:
        raise StageFailure(f"accuracy {accuracy:.4f} is below the floor {floor}")
    return {"accuracy": float(accuracy), "floor": floor}


def stage_save(proof: Proof) -> Figures:
    path = proof.folder / "mnist.h5"
    proof.model.save(str(path))
    with path.open("rb") as file:
        if file.read(8) != b"\x89HDF\r\n\x1a\n":  # HDF5's signature
            raise StageFailure("what was saved is not an HDF5 file")
    return {"bytes": path.stat().st_size}


def stage_predict(proof: Proof) -> Figures:
    np = proof.np
    x_test, y_test = proof.data[2], proof.data[3]
    output = proof.model.predict(x_test, verbose=0)
    if output.shape != (len(y_test), 10) or not np.all(np.isfinite(output)):
        raise StageFailure(f"predict gave {output.shape} with infinities or NaN")
    error = float(np.max(np.abs(output.sum(axis=1) - 1.0)))
    if not error <= 1e-3:
        raise StageFailure(f"probabilities do not add up to one: off by {error:.3g}")
    accuracy = float(np.mean(np.argmax(output, axis=1) == y_test))
    floor = ACCURACY_FLOOR[data_kind(proof.options)]
    if not accuracy >= floor:
        raise StageFailure(f"predict is right for {accuracy:.4f}, floor {floor}")
    return {"accuracy": accuracy, "sum_error": error}


def stage_load(proof: Proof) -> Figures:
    loaded = proof.tf.keras.models.load_model(str(proof.folder / "mnist.h5"))
    images = proof.data[2][:256]
    return {
        "difference": difference(
            proof,
            "the loaded model",
            loaded.predict(images, verbose=0),
            proof.model.predict(images, verbose=0),
        )
    }


def stage_agreement(proof: Proof) -> Figures:
    """Compiled graphs against everything else: a relu that does not clip shows here."""
    np, tf = proof.np, proof.tf
    images = proof.data[2][:256]
    compiled = proof.model.predict(images, verbose=0)
    lowest = float(np.min(proof.hidden.predict(images, verbose=0)))
    if not lowest >= 0.0:
        raise StageFailure(f"relu does not clip in predict: lowest value {lowest:.4g}")
    with tf.device(proof.device()):
        eager = proof.model(tf.constant(images), training=False).numpy()
    with tf.device("/CPU:0"):
        on_cpu = proof.model(tf.constant(images), training=False).numpy()
    return {
        "lowest_hidden": lowest,
        "predict_eager": difference(proof, "predict against eager", compiled, eager),
        "predict_cpu": difference(proof, "predict against the CPU", compiled, on_cpu),
        "predict_numpy": difference(
            proof, "predict against numpy", compiled, forward(np, proof.model, images)
        ),
    }


def forward(np: Any, model: Any, images: Any) -> Any:
    """The model in numpy alone, in float64."""
    kernel, bias, kernel_out, bias_out = [w.astype("float64") for w in model.get_weights()]
    flat = images.reshape(len(images), -1).astype("float64")
    scores = np.maximum(flat @ kernel + bias, 0.0) @ kernel_out + bias_out
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def difference(proof: Proof, what: str, one: Any, other: Any) -> float:
    error = float(proof.np.max(proof.np.abs(one - other)))
    if not error <= AGREEMENT_TOLERANCE:
        raise StageFailure(f"{what}: probabilities differ by {error:.3g}")
    return error


# ------------------------------------------------------------------ faults without an error


def draw(proof: Proof, *shape: int) -> Any:
    """Numbers that are the same in every run."""
    return proof.np.random.RandomState(SEED).standard_normal(shape).astype("float32")


def apart(proof: Proof, what: str, one: Any, other: Any, allowed: float) -> float:
    """How far the device's result is from the right one, as a part of its largest value."""
    np = proof.np
    one, other = np.asarray(one, "float64"), np.asarray(other, "float64")
    if one.shape != other.shape:
        raise StageFailure(f"{what}: shape {one.shape}, on the CPU {other.shape}")
    error = float(np.max(np.abs(one - other)) / max(1.0, float(np.max(np.abs(other)))))
    if not error <= allowed:
        raise StageFailure(f"{what}: differs from the CPU by {error:.3g}")
    return error


def compiled_and_cpu(proof: Proof, layer: Any, values: Any) -> tuple[Any, Any]:
    """What a layer gives in a compiled graph on the device, and eagerly on the CPU."""
    tf = proof.tf
    with tf.device(proof.device()):
        layer(tf.constant(values))  # its variables are made here
        compiled = tf.function(lambda x: layer(x))(tf.constant(values)).numpy()
    with tf.device("/CPU:0"):
        eager = layer(tf.constant(values)).numpy()
    return compiled, eager


def stage_relu(proof: Proof) -> Figures:
    np, tf = proof.np, proof.tf
    values = draw(proof, 64, 32)
    right: dict[str, Callable[[Any], Any]] = {
        "relu": lambda x: np.maximum(x, 0.0),
        "relu6": lambda x: np.clip(x, 0.0, 6.0),
        "elu": lambda x: np.where(x > 0.0, x, np.expm1(np.minimum(x, 0.0))),
    }
    figures = {}
    for name, formula in right.items():
        layer = tf.keras.layers.Dense(48, activation=getattr(tf.nn, name))
        compiled, eager = compiled_and_cpu(proof, layer, values)
        kernel, bias = [weights.astype("float64") for weights in layer.get_weights()]
        exact = formula(values.astype("float64") @ kernel + bias)
        apart(proof, f"{name} computed eagerly on the CPU", eager, exact, FAULT_TOLERANCE)
        figures[name] = apart(proof, f"Dense with {name}", compiled, exact, FAULT_TOLERANCE)
    return figures


def stage_float16(proof: Proof) -> Figures:
    tf = proof.tf
    a, b = draw(proof, 64, 128), draw(proof, 128, 32)

    def half(x: Any, y: Any) -> Any:
        product = tf.matmul(tf.cast(x, tf.float16), tf.cast(y, tf.float16))
        return tf.cast(product, tf.float32), tf.cast(tf.reduce_sum(product, axis=0), tf.float32)

    with tf.device(proof.device()):
        product, total = tf.function(half)(tf.constant(a), tf.constant(b))
    exact = a.astype("float64") @ b.astype("float64")
    return {
        "product": apart(proof, "product in float16", product, exact, HALF_TOLERANCE),
        "sum": apart(proof, "sum in float16", total, exact.sum(axis=0), HALF_TOLERANCE),
    }


def stage_conv1d(proof: Proof) -> Figures:
    values = draw(proof, 2, 6, 3)
    layer = proof.tf.keras.layers.Conv1D(65600, 1)
    compiled, _ = compiled_and_cpu(proof, layer, values)
    kernel, bias = layer.get_weights()
    exact = values.astype("float64") @ kernel[0].astype("float64") + bias
    return {"difference": apart(proof, "Conv1D", compiled, exact, FAULT_TOLERANCE)}


def stage_embedding(proof: Proof) -> Figures:
    np, tf = proof.np, proof.tf
    table = draw(proof, 50, 8)
    inside = np.arange(0, 50, 3)
    outside = np.array([1, 70, 2])

    def look(rows: Any) -> Any:
        with tf.device(proof.device()):
            return tf.function(tf.gather)(tf.constant(table), tf.constant(rows)).numpy()

    error = apart(proof, "lookup", look(inside), table[inside], FAULT_TOLERANCE)
    figures: Figures = {"inside": error}
    try:
        found = look(outside)
    except Exception as refusal:  # the CPU refuses such a row; the class differs by release
        figures["outside"] = f"refused: {type(refusal).__name__}"
        return figures
    # A GPU may put zeros there, says TensorFlow of gather; anything else is somebody's memory.
    expected = table[np.minimum(outside, 49)] * (outside < 50)[:, None]
    apart(proof, "lookup out of range", found, expected, FAULT_TOLERANCE)
    figures["outside"] = "zeros"
    return figures


def stage_seeds(proof: Proof) -> Figures:
    np, tf = proof.np, proof.tf

    def numbers(seed: int) -> tuple[Any, Any]:
        tf.random.set_seed(seed)
        with tf.device(proof.device()):
            pair = [tf.random.normal((4000,)).numpy() for _ in range(2)]
        return pair[0], pair[1]

    (first, second), again, other = numbers(1), numbers(1), numbers(2)
    if not (np.array_equal(first, again[0]) and np.array_equal(second, again[1])):
        raise StageFailure("the same seed draws other numbers the second time")
    for what, one, two in (("draws", first, second), ("seeds", first, other[0])):
        if np.array_equal(one, two):
            raise StageFailure(f"two {what} give the same numbers")
    mean, deviation = float(first.mean()), float(first.std())
    if not (abs(mean) < 0.1 and abs(deviation - 1.0) < 0.1):
        raise StageFailure(f"not normal: mean {mean:.3g}, deviation {deviation:.3g}")
    return {"mean": mean, "deviation": deviation}


def stage_simplernn(proof: Proof) -> Figures:
    layer = proof.tf.keras.layers.SimpleRNN(12)
    compiled, eager = compiled_and_cpu(proof, layer, draw(proof, 4, 7, 5))
    return {"difference": apart(proof, "SimpleRNN", compiled, eager, FAULT_TOLERANCE)}


def stage_jit(proof: Proof) -> Figures:
    np, tf = proof.np, proof.tf
    a, b = draw(proof, 16, 24), draw(proof, 24, 8)
    with tf.device(proof.device()):
        try:
            function = tf.function(lambda x, y: tf.nn.tanh(tf.matmul(x, y)), jit_compile=True)
            found = function(tf.constant(a), tf.constant(b)).numpy()
        except Exception as error:  # a release that cannot compile says so in one of many classes
            raise RefusedByDevice(f"{type(error).__name__}: {error}") from error
    exact = np.tanh(a.astype("float64") @ b.astype("float64"))
    return {"difference": apart(proof, "jit_compile", found, exact, FAULT_TOLERANCE)}


def train_long(proof: Proof, place: str) -> list[float]:
    """The loss after each of ten short epochs of a small CNN with Adam, trained at that place."""
    np, tf = proof.np, proof.tf
    images, labels = draw_digits(np, 960, SEED)
    x, y = (images / 255.0).astype("float32")[..., None], labels.astype("int64")
    tf.random.set_seed(SEED)
    keras = tf.keras
    with tf.device(place):
        model = keras.Sequential(
            [
                keras.Input(shape=(28, 28, 1)),
                keras.layers.Conv2D(8, 3, strides=2, activation="relu"),
                keras.layers.Flatten(),
                keras.layers.Dense(64, activation="relu"),
                keras.layers.Dense(10),
            ]
        )
        shapes = [weights.shape for weights in model.get_weights()]
        numbers = np.random.RandomState(SEED)
        model.set_weights([0.1 * numbers.standard_normal(shape) for shape in shapes])
        optimizers = keras.optimizers
        if proof.options.optimizer == "legacy-adam":
            optimizers = optimizers.legacy
        adam = optimizers.Adam(0.002)
        if hasattr(adam, "build"):
            adam.build(model.trainable_variables)

    def step(batch: Any, wanted: Any) -> Any:
        with tf.device(place), tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(wanted, model(batch))
            loss = tf.reduce_mean(losses)
            slopes = tape.gradient(loss, model.trainable_variables)
            adam.apply_gradients(zip(slopes, model.trainable_variables))
        return loss

    compiled, history = tf.function(step), []
    for _ in range(10):
        parts = [
            float(compiled(tf.constant(x[at : at + 32]), tf.constant(y[at : at + 32])))
            for at in range(0, len(x), 32)
        ]
        history.append(sum(parts) / len(parts))
    return history


def stage_diverge(proof: Proof) -> Figures:
    device, cpu = train_long(proof, proof.device()), train_long(proof, "/CPU:0")
    if not cpu[-1] < cpu[0] / 2:
        raise StageFailure(f"the loss does not fall on the CPU: {cpu}")
    if not device[-1] <= DIVERGED * cpu[-1] + 0.1:
        raise StageFailure(f"the loss ends at {device[-1]:.3g}, on the CPU at {cpu[-1]:.3g}")
    return {"device": device, "cpu": cpu}


def stage_momentum(proof: Proof) -> Figures:
    np, tf = proof.np, proof.tf
    optimizers = tf.keras.optimizers
    if proof.options.optimizer == "legacy-adam":
        optimizers = optimizers.legacy
    start, slope = draw(proof, 40), draw(proof, 40) + 1.0
    figures = {}
    for nesterov in (False, True):
        with tf.device(proof.device()):
            weights = tf.Variable(start)
            sgd = optimizers.SGD(0.1, momentum=0.9, nesterov=nesterov)
            if hasattr(sgd, "build"):
                sgd.build([weights])

            def step(sgd: Any = sgd, weights: Any = weights) -> None:
                sgd.apply_gradients([(tf.constant(slope), weights)])

            function = tf.function(step)
            for _ in range(3):
                function()
        exact, speed = start.astype("float64"), np.zeros(40)
        for _ in range(3):
            speed = 0.9 * speed - 0.1 * slope
            exact = exact + (0.9 * speed - 0.1 * slope if nesterov else speed)
        name = "nesterov" if nesterov else "momentum"
        figures[name] = apart(proof, f"SGD with {name}", weights.numpy(), exact, FAULT_TOLERANCE)
    return figures


# --------------------------------------------------------------------------- drawn digits

GLYPHS = (
    "01110 10001 10011 10101 11001 10001 01110",
    "00100 01100 00100 00100 00100 00100 01110",
    "01110 10001 00001 00010 00100 01000 11111",
    "11111 00010 00100 00010 00001 10001 01110",
    "00010 00110 01010 10010 11111 00010 00010",
    "11111 10000 11110 00001 00001 10001 01110",
    "00110 01000 10000 11110 10001 10001 01110",
    "11111 00001 00010 00100 01000 01000 01000",
    "01110 10001 10001 01110 10001 10001 01110",
    "01110 10001 10001 01111 00001 00010 01100",
)


def draw_digits(np: Any, count: int, seed: int) -> tuple[Any, Any]:
    """Draw ``count`` digits: slanted, shifted, faded, noisy, so that they must be learned.

    The nearest of the ten mean images is the right one for 62 % of them.
    """
    draw = np.random.RandomState(seed)
    font = np.array([[[int(c) for c in row] for row in g.split()] for g in GLYPHS])
    font = np.kron(font, np.ones((1, 3, 3)))  # 21 rows of 15
    labels = np.arange(count) % 10
    images = np.zeros((count, 28, 28))
    for image, label in zip(images, labels):
        top, left, slant = draw.randint(0, 8), draw.randint(2, 12), draw.uniform(-0.25, 0.25)
        for row in range(21):
            start = min(max(left + round(slant * (10 - row)), 0), 13)
            image[top + row, start : start + 15] = font[label, row]
        image *= draw.uniform(0.5, 1.0)
        image += draw.uniform(0.0, 0.35, size=image.shape)
    order = draw.permutation(count)
    return (np.clip(images, 0.0, 1.0) * 255).astype("uint8")[order], labels[order]


# -------------------------------------------------------------------------- the workloads


def bench_mnist(proof: Proof, device: str) -> Figures:
    """Seconds for the training of the proof, the data in memory already."""
    x_train, y_train, _, _ = proof.data
    with proof.tf.device(device):
        model, _ = build_model(proof)
        began = time.perf_counter()
        model.fit(x_train, y_train, batch_size=BATCH, epochs=EPOCHS, verbose=2)
    return {"seconds": time.perf_counter() - began, "epochs": EPOCHS, "images": len(y_train)}


def bench_cifar(proof: Proof, device: str) -> Figures:
    """Seconds an epoch of a dense 3000-1000-10 network with SGD on images as CIFAR-10's.

    The pixels are noise: the time does not depend on them, and nothing is fetched.
    """
    np, keras = proof.np, proof.tf.keras
    draw = np.random.RandomState(SEED)
    images = draw.rand(50000, 32, 32, 3).astype("float32")
    labels = draw.randint(0, 10, size=50000)
    with proof.tf.device(device):
        pixels = keras.Input(shape=(32, 32, 3))
        layer = keras.layers.Flatten()(pixels)
        for width in (3000, 1000):
            layer = keras.layers.Dense(width, activation="relu")(layer)
        model = keras.Model(pixels, keras.layers.Dense(10, activation="sigmoid")(layer))
        model.compile(optimizer="SGD", loss="sparse_categorical_crossentropy")
        epochs = []
        for _ in range(EPOCHS):
            began = time.perf_counter()
            model.fit(images, labels, batch_size=BATCH, epochs=1, verbose=2)
            epochs.append(time.perf_counter() - began)
    return {"epoch_seconds": epochs}


def bench_matmul(proof: Proof, device: str) -> Figures:
    """Seconds for 1xN by Nx1, N = 10^2 to 10^8: the best of five, result fetched."""
    tf, seconds = proof.tf, {}
    for power in range(2, 9):
        size = 10**power
        with tf.device(device):
            row, column = tf.ones((1, size)), tf.ones((size, 1))
            times = []
            for _ in range(5):
                began = time.perf_counter()
                tf.matmul(row, column).numpy()
                times.append(time.perf_counter() - began)
        seconds[f"1e{power}"] = min(times)
    return {"seconds": seconds}


# ------------------------------------------------------------------------ the list of stages


class Stage:
    """One step: ``needs`` are the stages without which it means nothing.

    ``defect`` is the id of the defect that it looks for, as in the facts of tfmac-lock.
    """

    def __init__(
        self,
        name: str,
        run: Callable[[Proof], Figures],
        needs: str,
        limit: int = TIME_LIMIT,
        defect: str = "",
    ) -> None:
        self.name = name
        self.run = run
        self.needs = needs.split()
        self.limit = TIME_LIMITS.get(name, limit)
        self.defect = defect


PROOF_STAGES = (
    Stage("import", stage_import, ""),
    Stage("devices", stage_devices, "import"),
    Stage("data", stage_data, "import"),
    Stage("matmul", stage_matmul, "devices"),
    Stage("train", stage_train, "devices data"),
    Stage("accuracy", stage_accuracy, "train"),
    Stage("save", stage_save, "train"),
    Stage("predict", stage_predict, "train"),
    Stage("load", stage_load, "save"),
    Stage("agreement", stage_agreement, "train", defect="relu-wrong"),
)

# What ended a process on some Macs comes last, so that it takes no other answer with it.
FAULT_STAGES = (
    Stage("relu", stage_relu, "devices", defect="relu-wrong"),
    Stage("float16", stage_float16, "devices", defect="float16-wrong"),
    Stage("conv1d", stage_conv1d, "devices", defect="conv1d-filters"),
    Stage("embedding", stage_embedding, "devices", defect="embedding-out-of-range"),
    Stage("seeds", stage_seeds, "devices", defect="random-seed"),
    Stage("simplernn", stage_simplernn, "devices", defect="simplernn-2.8"),
    Stage("jit", stage_jit, "devices", defect="jit-compile"),
    Stage("diverge", stage_diverge, "devices", defect="training-diverges"),
    Stage("momentum", stage_momentum, "devices", defect="momentum-crash-2.11"),
)


def bench_stages(device: str) -> list[Stage]:
    """The workloads on the CPU and, unless only the CPU was asked for, on the GPU."""

    def stage(what: str, run: Callable[[Proof, str], Figures], where: str) -> Stage:
        place = f"/{where.upper()}:0"
        return Stage(
            f"bench-{what}-{where}",
            lambda proof: run(proof, place),
            "devices data",
            BENCH_TIME_LIMIT,
        )

    places = ("cpu",) if device == "cpu" else ("cpu", "gpu")
    works = (("mnist", bench_mnist), ("cifar", bench_cifar), ("matmul", bench_matmul))
    return [stage(what, run, where) for where in places for what, run in works]


def stages_of(options: argparse.Namespace) -> list[Stage]:
    faults = () if options.core else FAULT_STAGES
    return [
        *PROOF_STAGES,
        *faults,
        *(bench_stages(options.device) if options.bench else ()),
    ]


def run_stages(options: argparse.Namespace, folder: Path, events: int) -> None:
    """Run every stage in this process and write what happens to ``events``, a line each."""
    threading.Thread(target=end_with_parent, daemon=True).start()

    def tell(**event: Any) -> None:
        os.write(events, (json.dumps(event) + "\n").encode())

    proof, passed = Proof(options, folder), set()
    for stage in stages_of(options):
        missing = [name for name in stage.needs if name not in passed]
        if missing:
            text = "needs {}, which did not pass".format(", ".join(missing))
            tell(stage=stage.name, status="skipped", seconds=0.0, figures={}, error=text)
            continue
        tell(stage=stage.name, status="running")
        began, figures, error, status = time.perf_counter(), {}, "", "passed"
        try:
            figures = stage.run(proof)
            passed.add(stage.name)
        except OutsideFailure as failure:
            status, error = "outside", str(failure)
        except RefusedByDevice as failure:
            status, error = "refused", str(failure)
        except StageFailure as failure:
            status, error = "failed", str(failure)
        except BaseException as failure:  # SystemExit out of an import is a failure like any
            traceback.print_exc()
            status, error = "failed", f"{type(failure).__name__}: {failure}"
        seconds = time.perf_counter() - began
        tell(stage=stage.name, status=status, seconds=seconds, figures=figures, error=error)
        sys.stdout.flush()
        sys.stderr.flush()


def end_with_parent() -> None:
    """End this process when standard input closes: the parent that held it is dead."""
    while os.read(0, 4096):
        pass
    os._exit(1)


# ----------------------------------------------------------------------- the parent: watching


class Deadline:
    """When the stage that is running counts as hanging."""

    def __init__(self) -> None:
        self.limit = 0.0
        self.at = 0.0

    def start(self, limit: float) -> None:
        self.limit = limit
        self.at = time.monotonic() + limit

    def left(self) -> float:
        return max(0.0, self.at - time.monotonic())


def watch(options: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Run the stages in a child and return what became of each, whatever became of it."""
    stages = {stage.name: stage for stage in stages_of(options)}
    results: dict[str, dict[str, Any]] = {}
    log = folder / "output.txt"
    with child_process(folder, log) as (child, events):
        died, running, deadline = "", next(iter(stages)), Deadline()
        deadline.start(limit_of(options, stages[running]))
        for line in lines_until(events, deadline, options.tied):
            if line is None:
                died = f"took longer than {deadline.limit:.0f} s"
                break
            event = json.loads(line)
            if event["status"] == "running":
                running = event["stage"]
                deadline.start(limit_of(options, stages[running]))
                say(options, f"{running:<12}", end="")
            else:
                results[event["stage"]] = finished(event)
                if event["status"] == "skipped":
                    say(options, f"{event['stage']:<12}", end="")
                say(options, "{status:<8}{seconds:7.1f} s  {error}".format(**event))
        else:
            died = how_it_ended(child)
    for name in stages:
        if name not in results:
            dead = name == running
            results[name] = finished(
                {
                    "stage": name,
                    "status": "died" if dead else "skipped",
                    "seconds": 0.0,
                    "figures": {},
                    "error": died if dead else f"not reached: {running} {died}",
                },
            )
            if dead:
                say(options, f"died     {died}")
    lines = last_lines(log)
    ordered = [results[name] for name in stages]
    for result in ordered:
        if result["status"] in ("failed", "died"):
            result["last_lines"] = lines
    return ordered


def finished(event: dict[str, Any]) -> dict[str, Any]:
    """A stage's entry in the report."""
    return {
        "name": event["stage"],
        "status": event["status"],
        "seconds": round(event["seconds"], 3),
        "figures": event["figures"],
        "error": impersonal(event["error"])[:4000],
        "last_lines": [],
    }


@contextlib.contextmanager
def child_process(folder: Path, log: Path) -> Iterator[tuple[Any, int]]:
    """The same file again as a child in a group of its own; when left, nothing of it is alive."""
    reading, writing = os.pipe()
    command = [sys.executable, "-u", str(Path(__file__).resolve()), *sys.argv[1:]]
    command += ["--child-events", str(writing), "--child-folder", str(folder)]
    with log.open("wb") as output:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(writing,),
            start_new_session=True,
        )
    os.close(writing)
    try:
        yield child, reading
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        if child.stdin is not None:
            child.stdin.close()
        os.close(reading)


def lines_until(source: int, deadline: Deadline, tied: bool) -> Iterator[str | None]:
    """The lines that arrive on ``source``; None, and no more, once the deadline has passed."""
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(source, selectors.EVENT_READ)
        if tied:
            selector.register(0, selectors.EVENT_READ)
        while True:
            ready = [key.fd for key, _ in selector.select(deadline.left())]
            if not ready:
                yield None
                return
            if 0 in ready and not os.read(0, 4096):
                raise SystemExit(128 + signal.SIGHUP)
            if source not in ready:
                continue
            block = os.read(source, 65536)
            if not block:
                return
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                yield line.decode()


def limit_of(options: argparse.Namespace, stage: Stage) -> float:
    return float(options.limit or stage.limit)


def how_it_ended(child: Any) -> str:
    status = child.wait()
    if status >= 0:
        return f"ended the interpreter with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"was ended by {name}"


def last_lines(log: Path) -> list[str]:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 20000))
        lines = file.read().decode("utf-8", "replace").splitlines()
    return [impersonal(line)[:500] for line in lines[-LAST_LINES:]]


def impersonal(text: str) -> str:
    """The text without folders of this machine, the user's name and the machine's."""
    # A path begins after a space, a quote or a bracket; the slashes of an address do not.
    text = re.sub(r"(?<![\w:/.])/(?:[\w.@+~ -]+/)+", "", text)
    with contextlib.suppress(Exception):  # a user without an entry, a machine without a name
        for name in (getpass.getuser(), socket.gethostname(), socket.gethostname().split(".")[0]):
            if len(name) > 2:
                text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "…", text)
    return text


def say(options: argparse.Namespace, text: str, end: str = "\n") -> None:
    if not options.quiet:
        print(text, end=end, file=sys.stderr, flush=True)


# --------------------------------------------------------------------------------- the report


def data_kind(options: argparse.Namespace) -> str:
    return "synthetic" if options.synthetic else "file" if options.data else "mnist"


def installed() -> tuple[dict[str, str], dict[str, str]]:
    """Every distribution of this environment, names as on the index: version, and content.

    The content is told for TensorFlow and its plugin, whose files tfmac-lock knows.
    """
    versions, contents = {}, {}
    for distribution in metadata.distributions():
        name = re.sub(r"[-_.]+", "-", distribution.metadata["Name"] or "").lower()
        if name:
            versions[name] = str(distribution.version)
            if name in ("tensorflow", "tensorflow-macos", "tensorflow-metal"):
                contents[name] = content_of(distribution.read_text("RECORD") or "")
    return dict(sorted(versions.items())), dict(sorted(contents.items()))


def content_of(record: str) -> str:
    """The sha256 over a RECORD's files and their hashes, as far as installers leave them alone.

    A wheel has files in ``NAME.data/purelib`` that are installed without these folders; scripts
    and what stands in ``dist-info`` are written by the installer.
    """
    rows = set()
    for row in csv.reader(record.splitlines()):
        if len(row) < 2 or not row[1].startswith("sha256="):
            continue
        path = re.sub(r"^[^/]+\.data/(purelib|platlib)/", "", row[0])
        if not re.match(r"(\.\.|/|[^/]+\.(dist-info|data)/)", path) and not path.endswith(".pyc"):
            rows.add(f"{path},{row[1]}\n")
    return hashlib.sha256("".join(sorted(rows)).encode()).hexdigest()


def host() -> dict[str, str]:
    """What the proof ran on; no name of a machine or a user."""
    facts = {
        "system": platform.system(),
        "release": platform.mac_ver()[0] or platform.release(),
        "machine": platform.machine(),
        "chip": platform.processor(),
        "cores": str(os.cpu_count()),
    }
    if facts["system"] == "Darwin":
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
            output = subprocess.run(command, stdout=subprocess.PIPE, timeout=10, check=True)
            facts["chip"] = output.stdout.decode("utf-8", "replace").strip()
    return facts


def now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def report_of(
    options: argparse.Namespace, stages: list[dict[str, Any]], started: str
) -> dict[str, Any]:
    versions, contents = installed()
    report = {
        "schema_version": SCHEMA_VERSION,
        "kind": "tfmac-lock-mnist",
        "run": uuid.uuid4().hex,
        "trainer": hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),
        "started": started,
        "finished": now(),
        "passed": all(stage["status"] in ("passed", "refused") for stage in stages),
        "device": options.device,
        "device_used": next(
            (s["figures"]["used"] for s in stages if s["name"] == "devices" and s["figures"]),
            "unknown",
        ),
        "data": data_kind(options),
        "optimizer": options.optimizer,
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "host": host(),
        "packages": versions,
        "contents": contents,
        "stages": stages,
    }
    return {**report, "digest": digest_of(report)}


def digest_of(report: dict[str, Any]) -> str:
    """The sha256 of a report without its digest: it shows a slip, and no forger's hand."""
    rest = {key: value for key, value in report.items() if key != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="train_mnist.py", description="Prove that the TensorFlow of this environment trains."
    )
    parser.add_argument("--device", choices=("cpu", "gpu", "auto"), default="auto")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--data", metavar="FILE", help="MNIST as mnist.npz; default: fetched")
    source.add_argument("--synthetic", action="store_true", help="digits drawn by this program")
    parser.add_argument("--optimizer", choices=("adam", "legacy-adam"), default="adam")
    parser.add_argument("--core", action="store_true", help="without the faults that show nowhere")
    parser.add_argument("--bench", action="store_true", help="the three workloads as well")
    parser.add_argument("--report", metavar="FILE", help="write the report here, as JSON")
    parser.add_argument("--limit", type=float, metavar="SECONDS", help="time limit of each stage")
    parser.add_argument("--quiet", action="store_true", help="say nothing on stderr")
    parser.add_argument("--tied", action="store_true", help="end when standard input closes")
    parser.add_argument("--child-events", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--child-folder", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def write_report(path: Path, report: dict[str, Any]) -> None:
    """Write the report whole or not at all; raises OSError."""
    text = json.dumps(report, indent=2, sort_keys=True) + "\n"
    if path.exists() and not path.is_file():  # a device or a pipe, which nothing can replace
        path.write_text(text, encoding="utf-8")
        return
    waiting = path.resolve().with_name(f".{path.name}.new")
    try:
        waiting.write_text(text, encoding="utf-8")
        waiting.replace(path.resolve())
    except BaseException:
        with contextlib.suppress(OSError):
            waiting.unlink()
        raise


def interrupted(number: int, _frame: Any) -> None:
    """End through the clean-up: SIGTERM would otherwise leave the child and its folder."""
    raise SystemExit(128 + number)


def main(arguments: list[str]) -> int:
    """Run the proof; the exit status is explained at the top of this file."""
    options = parse(arguments)
    if options.child_events is not None:
        run_stages(options, Path(options.child_folder), options.child_events)
        return 0
    signal.signal(signal.SIGTERM, interrupted)
    started = now()
    try:
        with tempfile.TemporaryDirectory(prefix="train-mnist-") as folder:
            report = report_of(options, watch(options, Path(folder)), started)
        if options.report:
            write_report(Path(options.report), report)
    except OSError as error:
        print(f"train_mnist.py: {error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print("train_mnist.py: interrupted", file=sys.stderr)
        return 130
    statuses = {stage["status"] for stage in report["stages"]}
    say(options, "the proof holds" if report["passed"] else "the proof does not hold")
    if report["passed"]:
        return 0
    return 3 if "outside" in statuses and not statuses & {"failed", "died"} else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
