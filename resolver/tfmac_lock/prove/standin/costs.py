"""Measure what the switches cost, on the CPU alone, to compare with the same work without one.

Runs inside the environment that is asked about, without the plugin: standard library and
TensorFlow only, Python 3.8 syntax. What a GPU would gain or lose it cannot tell; what Python and
TensorFlow's own optimizers cost it can.

    python costs.py --report costs.json
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = 40
BATCH = 32
ROUNDS = 7


def dense_model(tf: Any, **compiled: object) -> Any:
    """The MNIST model: 784, 128 with ReLU, Dropout, 10."""
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [layers.Dense(128, activation="relu"), layers.Dropout(0.2), layers.Dense(10)]
    )
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, **dict({"jit_compile": False}, **compiled))
    return model


def maximum_model(tf: Any) -> Any:
    """The same with tf.maximum in the place of ReLU."""
    model = dense_model(tf)
    model.layers[0].activation = lambda x: tf.maximum(x, 0.0)
    return model


def switches(tf: Any) -> dict[str, Any]:
    """By name: how the model is made, and what is switched before and after each run of it."""
    set_options = tf.config.optimizer.set_experimental_options

    def option(name: str, on: object, off: object) -> Any:
        return (dense_model, lambda: set_options({name: on}), lambda: set_options({name: off}))

    eagerly = tf.config.run_functions_eagerly
    return {
        "none": (dense_model, nothing, nothing),
        "disable_meta_optimizer": option("disable_meta_optimizer", True, False),
        "use_plugin_optimizers": option("use_plugin_optimizers", False, True),
        "min_graph_nodes": option("min_graph_nodes", 1000000, 4),
        "run_functions_eagerly": (dense_model, lambda: eagerly(True), lambda: eagerly(False)),
        "run_eagerly": (lambda tf: dense_model(tf, run_eagerly=True), nothing, nothing),
        "maximum": (maximum_model, nothing, nothing),
    }


def nothing() -> None:
    """Switch nothing."""


def seconds(work: Callable[[], object]) -> float:
    """How much time of the CPU it takes, in all threads: other programs do not lengthen that."""
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(tf: Any, np: Any) -> dict[str, dict[str, float]]:
    """The least seconds of several rounds, in which all switches take turns."""
    rng = np.random.RandomState(0)
    x = rng.rand(STEPS * BATCH, 784).astype("float32")
    y = rng.randint(0, 10, STEPS * BATCH)
    known = switches(tf)
    models = {name: made(tf) for name, (made, _, _) in known.items()}
    times: dict[str, dict[str, list[float]]] = {n: {"fit": [], "predict": []} for n in known}
    for _ in range(ROUNDS + 1):
        for name, (_, before, after) in known.items():
            model, mine = models[name], times[name]
            before()
            fit = functools.partial(model.fit, x, y, batch_size=BATCH, verbose=0)
            predict = functools.partial(model.predict, x, batch_size=BATCH, verbose=0)
            mine["fit"].append(seconds(fit))
            mine["predict"].append(seconds(predict))
            after()
    # The first round traces and compiles.
    return {n: {use: min(found[1:]) for use, found in mine.items()} for n, mine in times.items()}


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--report", required=True)
    args = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    np, tf = importlib.import_module("numpy"), importlib.import_module("tensorflow")

    found = measure(tf, np)
    report = {"schema_version": 1, "seconds": found}
    Path(args.report).write_text(json.dumps(report, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
