"""Try the switches that may stop a plugin's graph optimizer, beside the stand-in plugin.

Runs inside the environment that is asked about: standard library and TensorFlow only, Python 3.8
syntax. Each case is a process of its own, forked after TensorFlow was imported and before it made
its devices, or started anew where a variable of the environment has to be there from the start.

    python probe.py --library stand_in.so --plain plain.so --report report.json

The plugin imitates a fault: a ReLU behind a MatMul with a BiasAdd is dropped from each graph that
it is shown. So a result is right only where the optimizer was not called, or not shown that.
"""

from __future__ import annotations

import argparse
import collections
import ctypes
import functools
import importlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA_VERSION = 1
LIMIT = 180
"""Seconds for a case that starts a Python of its own."""

WIDTH = 12
"""Of the input of the models."""

TOGGLES = (
    "remapping",
    "layout_optimizer",
    "constant_folding",
    "shape_optimization",
    "arithmetic_optimization",
    "dependency_optimization",
    "loop_optimization",
    "function_optimization",
    "implementation_selector",
    "scoped_allocator_optimization",
    "pin_to_host_optimization",
    "auto_mixed_precision",
    "debug_stripper",
)
"""Keys of set_experimental_options that switch one of TensorFlow's own optimizers."""


class Case(NamedTuple):
    """One switch: what is done before anything else, and how the model is made and compiled."""

    id: str
    before: Callable[[Any], object] | None = None
    compile: dict[str, object] = {}  # noqa: RUF012 - a NamedTuple's default, never written to
    layers: str = "relu"
    environ: dict[str, str] = {}  # noqa: RUF012 - the same


def options(**chosen: object) -> Callable[[Any], object]:
    """A step that sets experimental options of the graph optimizer."""
    return lambda tf: tf.config.optimizer.set_experimental_options(chosen)


def environ(name: str, value: str) -> Case:
    """A case with that variable in the environment."""
    return Case(f"{name}={value}", environ={name: value})


CASES = (
    Case("none"),
    Case("disable_meta_optimizer", options(disable_meta_optimizer=True)),
    Case("use_plugin_optimizers", options(use_plugin_optimizers=False)),
    Case("min_graph_nodes", options(min_graph_nodes=1000000)),
    Case("run_functions_eagerly", lambda tf: tf.config.run_functions_eagerly(True)),
    Case("run_eagerly", compile={"run_eagerly": True}),
    Case("jit_compile=False", compile={"jit_compile": False}),
    Case("jit_compile=True", compile={"jit_compile": True}),
    Case("activation-layer", layers="layer"),
    Case("relu-layer", layers="relu-layer"),
    Case("maximum", layers="maximum"),
    Case("no-bias", layers="no-bias"),
    Case("hide-gpu", lambda tf: tf.config.set_visible_devices([], "GPU")),
    Case("disable_model_pruning", options(disable_model_pruning=True)),
    *(Case(key, options(**{key: False})) for key in TOGGLES),
    Case("all-toggles", options(**dict.fromkeys(TOGGLES, False))),
    environ("CUDA_VISIBLE_DEVICES", "-1"),
    environ("TF_ENABLE_ONEDNN_OPTS", "0"),
    environ("TF_XLA_FLAGS", "--tf_xla_auto_jit=2"),
)

# ------------------------------------------------------------------------------ what is run


def first_layers(tf: Any, kind: str) -> list[Any]:
    """The hidden layer, with its ReLU told in that way."""
    layers = tf.keras.layers
    if kind == "layer":
        return [layers.Dense(16), layers.Activation("relu")]
    if kind == "relu-layer":
        return [layers.Dense(16), layers.ReLU()]
    if kind == "maximum":
        return [layers.Dense(16, activation=lambda x: tf.maximum(x, 0.0))]
    return [layers.Dense(16, activation="relu", use_bias=kind != "no-bias")]


def plain_optimizer(tf: Any) -> object:
    """One that never asks for XLA: the legacy one where there is one."""
    try:
        return tf.keras.optimizers.legacy.SGD()
    except (AttributeError, ImportError):  # Keras 3 has none, and Keras before 2.11 no other
        return "sgd"


def make_model(tf: Any, case: Case, optimizer: object = None) -> Any:
    """A small classifier whose hidden layer has a ReLU that matters."""
    shape = {"shape": (WIDTH,)} if keras_3(tf) else {"input_shape": (WIDTH,)}
    first = tf.keras.layers.InputLayer(**shape)
    last = tf.keras.layers.Dense(4)
    model = tf.keras.Sequential([first, *first_layers(tf, case.layers), last])
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = optimizer or plain_optimizer(tf)
    model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"], **case.compile)
    return model


def keras_3(tf: Any) -> bool:
    """Whether tf.keras is Keras 3."""
    return bool(getattr(tf.keras, "__version__", "2").startswith("3"))


def set_random(np: Any, model: Any, bias: bool) -> Callable[[Any], Any]:
    """Give the model weights with which ReLU matters; returns what numpy computes with them."""
    rng = np.random.RandomState(0)
    weights = [rng.randn(*array.shape).astype("float32") for array in model.get_weights()]
    model.set_weights(weights)
    w1, b1, w2, b2 = weights if bias else (weights[0], 0, *weights[1:])
    return lambda x: np.maximum(x @ w1 + b1, 0) @ w2 + b2


def samples(np: Any) -> Any:
    """Some input."""
    return np.random.RandomState(1).randn(64, WIDTH).astype("float32")


def use_call(tf: Any, np: Any, case: Case) -> float | None:
    """The model called as it is, which is eager, against numpy: how far off it is."""
    model = make_model(tf, case)
    expected = set_random(np, model, case.layers != "no-bias")
    x = samples(np)
    return float(np.abs(np.asarray(model(x, training=False)) - expected(x)).max())


def use_function(tf: Any, np: Any, case: Case) -> float | None:
    """A bare tf.function around the model, against numpy."""
    model = make_model(tf, case)
    expected = set_random(np, model, case.layers != "no-bias")
    jit = {"jit_compile": True} if case.compile.get("jit_compile") else {}
    x = samples(np)
    found = tf.function(lambda v: model(v, training=False), **jit)(tf.constant(x))
    return float(np.abs(np.asarray(found) - expected(x)).max())


def use_fit(tf: Any, np: Any, case: Case) -> float | None:
    """Train a little; there is no result to compare."""
    y = np.random.RandomState(2).randint(0, 4, 64)
    make_model(tf, case).fit(samples(np), y, verbose=0)
    return None


def use_predict(tf: Any, np: Any, case: Case) -> float | None:
    """``predict`` against numpy."""
    model = make_model(tf, case)
    expected = set_random(np, model, case.layers != "no-bias")
    x = samples(np)
    return float(np.abs(model.predict(x, verbose=0) - expected(x)).max())


USES = (("call", use_call), ("function", use_function), ("fit", use_fit), ("predict", use_predict))

# ------------------------------------------------------------------------- what was recorded

PRODUCTS = ("MatMul", "Conv2D", "_FusedMatMul", "_FusedConv2D")


def chains(graph: Any) -> collections.Counter[str]:
    """How often which chain hangs on a product on the GPU: ``MatMul+BiasAdd+Relu``."""
    found: collections.Counter[str] = collections.Counter()
    for nodes in [graph.node, *(function.node_def for function in graph.library.function)]:
        by_name = {node.name: node for node in nodes}
        for node in nodes:
            ops = [node.op]
            while node.op not in PRODUCTS and len(ops) < 3 and node.input:
                node = by_name.get(node.input[0].lstrip("^").split(":")[0])
                if node is None:
                    break
                ops.append(node.op)
            if node is None or node.op not in PRODUCTS or "GPU" not in node.device:
                continue
            if len(ops) > 1 or node.op.startswith("_Fused"):
                fused = [op.decode() for op in node.attr["fused_ops"].list.s]
                ops[-1] += "({})".format(",".join(fused)) if fused else ""
                found["+".join(reversed(ops))] += 1
    return found


def take_graphs(tf: Any, folder: str) -> tuple[int, dict[str, int]]:
    """The graphs that were recorded since the last time: how many, and their chains."""
    shown: collections.Counter[str] = collections.Counter()
    files = sorted(Path(folder).glob("*.pb"))
    for path in files:
        graph = tf.compat.v1.GraphDef()
        graph.ParseFromString(path.read_bytes())
        path.unlink()
        shown.update(chains(graph))
    return len(files), dict(sorted(shown.items()))


def start(library: str) -> tuple[Any, Any, Any]:
    """TensorFlow and numpy with that plugin, and the function that counts its products."""
    np, tf = importlib.import_module("numpy"), importlib.import_module("tensorflow")
    load_library = importlib.import_module("tensorflow.python.framework.load_library")
    load_library.load_pluggable_device_library(library)
    products = ctypes.CDLL(library).stand_in_products
    products.restype = ctypes.c_int64
    return tf, np, products


def told(problem: BaseException) -> str:
    """The error in its own words, without the lines of code and the lists of kernels in it."""
    text = "".join(traceback.format_exception_only(type(problem), problem))
    kept = [line for line in text.splitlines() if line.strip() and not line[0].isspace()]
    return "\n".join(kept)[:2000]


def run_case(library: str, case: Case) -> dict[str, Any]:
    """All uses of one case; runs in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="stand-in-") as folder:
        os.environ.update(STAND_IN_GRAPHS=folder, STAND_IN_OFF="1", STAND_IN_FAULT="1")
        tf, np, products = start(library)
        if case.before:
            case.before(tf)
        found = {}
        for name, use in USES:
            before, off, error = products(), None, ""
            try:
                off = use(tf, np, case)
            except Exception as problem:  # whatever it is, it is the finding
                error = told(problem)
            calls, shown = take_graphs(tf, folder)
            found[name] = {
                "calls": calls,
                "shown": shown,
                "products": products() - before,
                "off": off,
                "error": error,
            }
        return found


# ------------------------------------------------------------------------ what else is asked


def activations(library: str) -> dict[str, Any]:
    """Which chain TensorFlow shows for which activation, in ``predict``."""
    with tempfile.TemporaryDirectory(prefix="stand-in-") as folder:
        os.environ.update(STAND_IN_GRAPHS=folder, STAND_IN_OFF="1", STAND_IN_FAULT="0")
        tf, np, _ = start(library)
        found = {}
        for name in ("relu", "relu6", "elu", "selu", "leaky_relu", "tanh", "sigmoid", "gelu"):
            act = getattr(tf.nn, name)
            for kind, layer in (("dense", dense), ("conv", convolution)):
                shape, made = layer(tf, act)
                inputs = tf.keras.Input(shape)
                model = tf.keras.Model(inputs, made(inputs))
                model.predict(np.zeros((4, *shape), "float32"), verbose=0)
                found[f"{kind} {name}"] = take_graphs(tf, folder)[1]
        return found


def dense(tf: Any, act: Any) -> tuple[tuple[int, ...], Any]:
    """A Dense layer and the shape of its input."""
    return (WIDTH,), tf.keras.layers.Dense(16, activation=act)


def convolution(tf: Any, act: Any) -> tuple[tuple[int, ...], Any]:
    """A Conv2D layer and the shape of its input."""
    return (8, 8, 3), tf.keras.layers.Conv2D(4, 3, activation=act)


def own_optimizer(library: str, chosen: dict[str, object]) -> dict[str, Any]:
    """What TensorFlow's own optimizers make of layers where no plugin's optimizer is called."""
    tf, np, _ = start(library)
    context = importlib.import_module("tensorflow.python.eager.context")
    # It would lay images out in another way on a GPU, and the stand-in's Conv2D knows one.
    tf.config.optimizer.set_experimental_options({"layout_optimizer": False, **chosen})
    found = {}
    for kind, layer in (("dense", dense), ("conv", convolution)):
        shape, made = layer(tf, tf.nn.relu)
        x = tf.constant(np.random.RandomState(1).randn(4, *shape).astype("float32"))
        made(x)
        error = ""
        with context.collect_graphs(optimized=True) as graphs:
            try:
                tf.function(made)(x)
            except Exception as problem:  # whatever it is, it is the finding
                error = told(problem)
        shown: collections.Counter[str] = collections.Counter()
        for graph in graphs:
            shown.update(chains(graph))
        found[kind] = {"shown": dict(sorted(shown.items())), "error": error}
    return found


WITHOUT_OPTIMIZER: dict[str, dict[str, object]] = {
    "disable_meta_optimizer": {"disable_meta_optimizer": True},
    "use_plugin_optimizers": {"use_plugin_optimizers": False},
    "min_graph_nodes": {"min_graph_nodes": 1000000},
}
"""Switches with which no plugin's optimizer is called, and TensorFlow's own may be."""


def own_optimizers(library: str, plain: str) -> dict[str, Any]:
    """The same for a plugin that has no optimizer, and for those switches."""
    os.environ.update(STAND_IN_OFF="1", STAND_IN_FAULT="0")
    os.environ.pop("STAND_IN_GRAPHS", None)
    found = {"plugin without optimizer": forked(lambda: own_optimizer(plain, {}))}
    for name, chosen in WITHOUT_OPTIMIZER.items():
        found[name] = forked(functools.partial(own_optimizer, library, chosen))
    return found


def optimizers(library: str) -> dict[str, str]:
    """Train a little with each optimizer; what failed, in its own words."""
    os.environ.update(STAND_IN_OFF="1", STAND_IN_FAULT="0")
    os.environ.pop("STAND_IN_GRAPHS", None)
    tf, np, _ = start(library)
    y = np.random.RandomState(2).randint(0, 4, 64)
    found = {}
    for name in ("SGD", "Adam", "legacy.SGD", "legacy.Adam"):
        made = tf.keras.optimizers
        try:
            for part in name.split("."):
                made = getattr(made, part)
            optimizer = made()
        except (AttributeError, ImportError):
            continue  # Keras 3 has no legacy ones, Keras before 2.11 neither
        try:
            make_model(tf, CASES[0], optimizer).fit(samples(np), y, verbose=0)
            found[name] = ""
        except Exception as problem:  # whatever it is, it is the finding
            found[name] = told(problem)
    return found


# ------------------------------------------------------------------------------- processes


def forked(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do the work in a fork; what it returns, or what became of it under ``died``."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            result = work()
        except BaseException:  # it is reported
            result = {"died": traceback.format_exc()[-2000:]}
        with os.fdopen(writing, "w") as pipe:
            json.dump(result, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    return dict(json.loads(text)) if text else {"died": f"ended with status {status}"}


def fresh(library: str, case: Case) -> dict[str, Any]:
    """Run that one case in a Python of its own with these variables."""
    command = [sys.executable, __file__, "--library", library, "--only", case.id]
    everything = dict(os.environ, **case.environ)
    ended = subprocess.run(command, env=everything, stdout=subprocess.PIPE, timeout=LIMIT)
    lines = ended.stdout.decode().strip().splitlines()
    if not lines:
        return {"died": f"ended with status {ended.returncode}"}
    return dict(json.loads(lines[-1]))


def dead(how: str) -> dict[str, Any]:
    """A use of a case whose process ended before it could tell."""
    return {"calls": 0, "shown": {}, "products": 0, "off": None, "error": how}


def devices() -> dict[str, Any]:
    """What TensorFlow lists."""
    tf = importlib.import_module("tensorflow")

    return {"devices": [device.name for device in tf.config.list_physical_devices()]}


def report_of(library: str, plain: str) -> dict[str, Any]:
    """Everything, case by case."""
    tf = importlib.import_module("tensorflow")

    def tried(case: Case) -> dict[str, Any]:
        sys.stderr.write(f"{case.id} ...\n")
        found = fresh(library, case) if case.environ else forked(lambda: run_case(library, case))
        return found if "died" not in found else {name: dead(found["died"]) for name, _ in USES}

    def listed() -> dict[str, Any]:
        start(library)
        return devices()

    return {
        "schema_version": SCHEMA_VERSION,
        "tensorflow": tf.__version__,
        "python": platform.python_version(),
        **forked(listed),
        "cases": {case.id: tried(case) for case in CASES},
        "activations": forked(lambda: activations(library)),
        "own_optimizers": own_optimizers(library, plain),
        "optimizers": forked(lambda: dict(optimizers(library))),
    }


def main() -> None:
    """Run one case and print it, or all and write the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--library", required=True)
    parser.add_argument("--plain")
    parser.add_argument("--report")
    parser.add_argument("--only")
    args = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if args.only:
        case = next(case for case in CASES if case.id == args.only)
        sys.stdout.write(json.dumps(run_case(args.library, case)) + "\n")
        return
    report = report_of(args.library, args.plain)
    Path(args.report).write_text(json.dumps(report, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
