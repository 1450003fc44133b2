"""The stand-in plugin: what its probe reports means, and what it is built and run from."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.prove.support import lock
from tests.prove.support import report_content as mnist_content
from tfmac_lock import __main__
from tfmac_lock.errors import DataError, UsageError
from tfmac_lock.matrix.switches import Mnist
from tfmac_lock.prove import interpreters
from tfmac_lock.prove.errors import BadReport, NotProvable, ToolFailed
from tfmac_lock.prove.linux import Twin
from tfmac_lock.prove.processes import Processes
from tfmac_lock.prove.report import Report
from tfmac_lock.prove.standin import build, evidence, probe, results, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHAIN = {results.CHAIN: 1, "MatMul+BiasAdd": 1}
WRONG = {"calls": 2, "shown": CHAIN, "products": 4, "off": 39.4, "error": ""}
UNCALLED = {"calls": 0, "shown": {}, "products": 4, "off": 0.0, "error": ""}
TRAINED = {**WRONG, "off": None}


def probe_content() -> dict[str, Any]:
    """A report in which one switch keeps the optimizer away and one does not."""
    return {
        "schema_version": 1,
        "tensorflow": "2.16.2",
        "python": "3.11.9",
        "devices": ["/physical_device:CPU:0", "/physical_device:GPU:0"],
        "cases": {
            "none": {"call": UNCALLED, "function": WRONG, "fit": TRAINED, "predict": WRONG},
            "remapping": {"call": UNCALLED, "function": WRONG, "fit": TRAINED, "predict": WRONG},
            "disable_meta_optimizer": dict.fromkeys(results.USES, UNCALLED),
        },
        "activations": {"dense relu": CHAIN, "dense tanh": {"MatMul+BiasAdd+Tanh": 2}},
        "own_optimizers": {
            "plugin without optimizer": {
                "dense": {"shown": CHAIN, "error": ""},
                "conv": {"shown": {}, "error": "Node: 'a'\nNo registered '_FusedConv2D' OpKernel"},
            }
        },
        "optimizers": {"SGD": ""},
    }


COSTS = {
    "schema_version": 1,
    "seconds": {
        "none": {"fit": 0.2, "predict": 0.1},
        "disable_meta_optimizer": {"fit": 0.24, "predict": 0.1},
    },
}


def written(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    path.write_text(json.dumps(content), "utf-8")
    return path


@pytest.fixture
def run_record(tmp_path: Path) -> Any:
    wheel = SimpleNamespace(filename="tensorflow_cpu-2.16.2-cp311-cp311-manylinux.whl")
    report = Report.model_validate(mnist_content())
    return evidence.run_of(
        lock(series="3.11"),
        Twin(tensorflow=wheel, files={}),  # type: ignore[arg-type]
        probe=results.read_probe(written(tmp_path, "probe.json", probe_content())),
        costs=results.read_costs(written(tmp_path, "costs.json", COSTS)),
        mnist=evidence.mnist_of(report),
        mnist_with_fault=Mnist(passed=False, not_passed=("agreement",), text="relu does not clip"),
        machine={"fingerprint": "f", "system": "Linux x86_64", "compiler": "gcc 12"},
    )


# -------------------------------------------------------------------------- what reports mean


def test_a_switch_without_a_call_keeps_the_optimizer_away(run_record: Any) -> None:
    found = {switch.id: switch for switch in run_record.switches}
    assert found["disable_meta_optimizer"].avoids
    assert found["disable_meta_optimizer"].keeps_device
    assert found["disable_meta_optimizer"].fit_cost == 1.2
    assert not found["remapping"].avoids
    assert found["remapping"].predict == "shown"
    assert found["remapping"].fit_cost is None


def test_the_record_tells_in_a_sentence_which_switches_do(run_record: Any) -> None:
    assert "with: disable_meta_optimizer" in run_record.text
    assert "remapping" not in run_record.text


def test_the_record_keeps_the_longest_chain_and_the_telling_line(run_record: Any) -> None:
    assert run_record.shown["dense relu"] == results.CHAIN
    assert run_record.own == {
        "plugin without optimizer, dense": results.CHAIN,
        "plugin without optimizer, conv": "No registered '_FusedConv2D' OpKernel",
    }


def test_a_record_is_written_and_read_back(run_record: Any, tmp_path: Path) -> None:
    path = tmp_path / "standin" / evidence.evidence_name("2.16.2")
    evidence.write_run(run_record, path)
    assert evidence.read_run(path) == run_record


def test_a_damaged_record_is_refused_with_the_place(run_record: Any, tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    evidence.write_run(run_record, path)
    path.write_text(path.read_text("utf-8").replace('fit = "shown"', 'fit = "seen"', 1), "utf-8")
    with pytest.raises(DataError, match=r"switches\[none\]\.fit"):
        evidence.read_run(path)


@pytest.mark.parametrize(
    ("use", "outcome"),
    [
        (UNCALLED, "not-called"),
        ({**WRONG, "shown": {"MatMul+BiasAdd+Maximum": 1}, "off": 0.0}, "not-shown"),
        (WRONG, "shown"),
        ({**UNCALLED, "error": "NotFoundError: no"}, "failed"),
    ],
)
def test_what_became_of_the_optimizer(use: dict[str, Any], outcome: str) -> None:
    assert results.Use.model_validate(use).outcome == outcome


@pytest.mark.parametrize(
    "use",
    [
        {**UNCALLED, "off": 3.0},  # wrong although the optimizer was not called
        {**WRONG, "off": 0.0},  # right although the imitated fault was in
    ],
)
def test_a_report_whose_results_contradict_the_calls_is_refused(
    use: dict[str, Any], tmp_path: Path
) -> None:
    content = copy.deepcopy(probe_content())
    content["cases"]["none"]["predict"] = use
    with pytest.raises(BadReport, match="none, predict: off by"):
        results.read_probe(written(tmp_path, "probe.json", content))


def test_a_report_that_lacks_a_use_is_refused(tmp_path: Path) -> None:
    content = copy.deepcopy(probe_content())
    del content["cases"]["none"]["fit"]
    with pytest.raises(BadReport, match="none: call, function, predict instead of"):
        results.read_probe(written(tmp_path, "probe.json", content))


def test_a_damaged_report_is_refused_with_the_place(tmp_path: Path) -> None:
    content = copy.deepcopy(probe_content())
    content["cases"]["none"]["fit"]["calls"] = -1
    with pytest.raises(BadReport, match=r"cases\.none\.fit\.calls"):
        results.read_probe(written(tmp_path, "probe.json", content))
    with pytest.raises(BadReport):
        results.read_costs(tmp_path / "missing.json")


def test_a_user_is_told_what_to_write_for_every_switch() -> None:
    options = "tf.config.optimizer.set_experimental_options"
    assert results.code_of("remapping") == f"{options}({{'remapping': False}})"
    assert results.code_of("TF_ENABLE_ONEDNN_OPTS=0") == "TF_ENABLE_ONEDNN_OPTS=0"
    named = [case.id for case in probe.CASES if case.id not in probe.TOGGLES and not case.environ]
    assert set(named) == set(results.CODE)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("", ""),
        ("E: 1\nGraph execution error:\nNo registered 'A' OpKernel\n[Op:x]", "No registered 'A'"),
        ("ValueError: it is so\nmore", "ValueError: it is so"),
        ("one\ntwo", "two"),
    ],
)
def test_the_telling_line_of_an_error_is_found(error: str, line: str) -> None:
    assert evidence.telling_line(error).startswith(line)
    assert bool(evidence.telling_line(error)) == bool(line)


# ------------------------------------------------------------------------------- the probe


def node(name: str, op: str, *inputs: str, device: str = "GPU:0") -> SimpleNamespace:
    attr = {"fused_ops": SimpleNamespace(list=SimpleNamespace(s=[b"BiasAdd", b"Relu"]))}
    if not op.startswith("_Fused"):
        attr = {"fused_ops": SimpleNamespace(list=SimpleNamespace(s=[]))}
    return SimpleNamespace(name=name, op=op, input=list(inputs), device=device, attr=attr)


def graph(*nodes: SimpleNamespace, functions: tuple[Any, ...] = ()) -> SimpleNamespace:
    return SimpleNamespace(node=list(nodes), library=SimpleNamespace(function=list(functions)))


def test_the_chain_behind_a_product_on_the_gpu_is_seen() -> None:
    shown = graph(
        node("m", "MatMul", "x", "w"), node("b", "BiasAdd", "m:0", "v"), node("r", "Relu", "b")
    )
    assert probe.chains(shown) == {"MatMul+BiasAdd": 1, results.CHAIN: 1}


def test_a_product_on_the_cpu_is_not_the_plugins() -> None:
    shown = graph(node("m", "MatMul", "x", device="CPU:0"), node("r", "Relu", "m"))
    assert not probe.chains(shown)


def test_a_chain_in_a_function_of_the_graph_is_seen() -> None:
    body = [
        node("m", "MatMul", "x"),
        node("b", "BiasAdd", "m:product:0"),
        node("r", "Relu", "b:output:0"),
    ]
    shown = graph(functions=(SimpleNamespace(node_def=body),))
    assert probe.chains(shown)[results.CHAIN] == 1


def test_a_fused_product_is_named_with_what_is_in_it() -> None:
    assert probe.chains(graph(node("f", "_FusedConv2D", "x"))) == {"_FusedConv2D(BiasAdd,Relu)": 1}


def test_an_error_is_told_without_code_and_lists_of_kernels() -> None:
    error = RuntimeError("Detected at\n    File a, line 1\nNo registered 'A'\n  device='CPU'")
    assert probe.told(error) == "RuntimeError: Detected at\nNo registered 'A'"


def test_a_fork_returns_its_result_or_what_became_of_it() -> None:
    command = (
        "import probe, os\n"
        "print(probe.forked(lambda: {'a': 1}))\n"
        "print(probe.forked(lambda: 1 / 0)['died'].splitlines()[-1])\n"
        "print(probe.forked(lambda: os._exit(3)))\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", command], cwd=build.PROBE.parent, capture_output=True, text=True
    )
    assert said.stdout.splitlines() == [
        "{'a': 1}",
        "ZeroDivisionError: division by zero",
        f"{{'died': 'ended with status {3 << 8}'}}",
    ]


def test_keras_hears_of_a_mac_and_everybody_else_the_truth(tmp_path: Path) -> None:
    for name in ("keras", "other"):
        text = "import platform\nsaid = platform.system(), platform.processor()\n"
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
    shutil.copy(build.MAC_ANSWERS, tmp_path / "answers.py")
    command = "import answers, keras, other; print(keras.said, other.said[0])"
    said = subprocess.run(
        [sys.executable, "-c", command], cwd=tmp_path, capture_output=True, text=True
    )
    assert said.stdout.startswith("('Darwin', 'arm') ")
    assert said.stdout.split()[-1] == os.uname().sysname


# ------------------------------------------------------------------------- locks and building


def locked(version: str, series: str, metal: str | None = None) -> Any:
    made = lock(series=series, metal=metal)
    name = f"tensorflow-{version}-py{series}"
    return type(made)(
        **{**{f: getattr(made, f) for f in made.__slots__}, "id": name, "tensorflow": version}
    )


LOCKS = [
    locked("2.7.4", "3.9"),
    locked("2.8.0", "3.9"),
    locked("2.8.4", "3.9"),
    locked("2.8.4", "3.10"),
    locked("2.18.1", "3.12"),
    locked("2.18.1", "3.12", metal="1.2.0"),
    locked("2.21.0", "3.12"),
    locked("2.21.0", "3.13"),
]


def test_the_newest_patch_of_every_minor_since_28_is_tried_on_its_newest_python() -> None:
    found = [(lock.tensorflow, lock.series, lock.metal) for lock in run.locks_for(LOCKS, [])]
    assert found == [("2.8.4", "3.10", None), ("2.18.1", "3.12", None), ("2.21.0", "3.12", None)]


def test_a_named_tensorflow_is_tried_and_an_unknown_one_is_refused() -> None:
    named = ["2.8.0", "2.7.4"]
    assert [lock.tensorflow for lock in run.locks_for(LOCKS, named)] == named
    with pytest.raises(UsageError, match=r"2\.18\.0.*some are.*2\.21\.0"):
        run.locks_for(LOCKS, ["2.18.0"])


def test_without_a_compiler_nothing_is_proved(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert build.compiler() is None
    with pytest.raises(NotProvable, match="no C compiler"):
        build.build_plugin(tmp_path / "python", tmp_path / "x.so", Processes())


def test_an_environment_without_tensorflow_is_told(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="holds no TensorFlow"):
        build.tensorflow_folder(tmp_path / "env" / "bin" / "python")


def test_the_headers_tell_what_the_plugin_may_use(tmp_path: Path) -> None:
    header = tmp_path / "include" / "tensorflow" / "c" / "kernels_experimental.h"
    with pytest.raises(ToolFailed, match=r"no kernels_experimental\.h"):
        build.defines(tmp_path)
    header.parent.mkdir(parents=True)
    header.write_text("void TF_AssignVariable(int, bool validate_shape);", "utf-8")
    assert build.defines(tmp_path) == ["-DASSIGN_VALIDATES"]
    header.write_text("void TF_AssignVariable(int);", "utf-8")
    assert build.defines(tmp_path) == []


# ---------------------------------------------------------------------- the optimizer in C

HEADER = """
#include <stddef.h>
#include <stdint.h>
#define GO_MAJOR 0
#define GO_MINOR 0
#define GO_PATCH 1
#define TF_OK 0
typedef struct { const void* data; size_t length; void (*data_deallocator)(void*, size_t); }
    TF_Buffer;
typedef int TF_Status;
typedef void TF_GrapplerItem;
typedef enum { TF_TriState_Default, TF_TriState_Off } TF_TriState;
typedef struct { size_t struct_size; TF_TriState layout_optimizer, remapping; }
    TP_OptimizerConfigs;
typedef struct {
  size_t struct_size;
  void* (*create_func)(void);
  void (*optimize_func)(void*, const TF_Buffer*, const TF_GrapplerItem*, TF_Buffer*, TF_Status*);
  void (*destroy_func)(void*);
} TP_Optimizer;
typedef struct {
  size_t struct_size;
  int major_version, minor_version, patch_version;
  const char* device_type;
  TP_OptimizerConfigs* optimizer_configs;
  TP_Optimizer* optimizer;
} TP_OptimizerRegistrationParams;
#define TP_OPTIMIZER_REGISTRATION_PARAMS_STRUCT_SIZE sizeof(TP_OptimizerRegistrationParams)
#define TP_OPTIMIZER_CONFIGS_STRUCT_SIZE sizeof(TP_OptimizerConfigs)
#define TP_OPTIMIZER_STRUCT_SIZE sizeof(TP_Optimizer)
static void TF_SetStatus(TF_Status* status, int code, const char* text) { *status = code; }
"""

HARNESS = """
#include "optimizer.c"
int main(void) {
  static uint8_t bytes[1 << 20];
  TP_OptimizerConfigs configs = {0};
  TP_Optimizer optimizer = {0};
  TP_OptimizerRegistrationParams params = {0};
  params.optimizer_configs = &configs;
  params.optimizer = &optimizer;
  TF_Status status = 0;
  TF_InitGraph(&params, &status);
  TF_Buffer in = {bytes, fread(bytes, 1, sizeof bytes, stdin), NULL}, out = {NULL, 0, NULL};
  void* made = optimizer.create_func();
  optimizer.optimize_func(made, &in, NULL, &out, &status);
  optimizer.destroy_func(made);
  fwrite(out.data, 1, out.length, stdout);
  out.data_deallocator((void*)out.data, out.length);
  fprintf(stderr, "%d %d", configs.remapping, configs.layout_optimizer);
  return status;
}
"""


def field(number: int, content: bytes) -> bytes:
    """A string or message in protobuf's wire format."""
    length, prefix = len(content), bytearray([number << 3 | 2])
    while length > 0x7F:
        prefix.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes(prefix) + bytes([length]) + content


def node_def(name: str, op: str, *inputs: str, rest: bytes = b"") -> bytes:
    parts = [field(1, name.encode()), field(2, op.encode())]
    parts += [field(3, one.encode()) for one in inputs]
    return field(1, b"".join(parts) + rest)


@pytest.fixture(scope="module")
def optimizer(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[bytes, str]]:
    """The plugin's optimizer in a program of its own: a graph in, a graph out."""
    compiler = build.compiler()
    if compiler is None:
        pytest.skip("there is no C compiler (gcc or cc) on PATH")
    folder = tmp_path_factory.mktemp("optimizer")
    header = folder / "tensorflow" / "c" / "experimental" / "grappler" / "grappler.h"
    header.parent.mkdir(parents=True)
    header.write_text(HEADER, "utf-8")
    (folder / "harness.c").write_text(HARNESS, "utf-8")
    program = folder / "harness"
    flags = ["-std=gnu11", "-g", "-fsanitize=address,undefined", f"-I{folder}"]
    command = [str(compiler), *flags, f"-I{build.SOURCES}", str(folder / "harness.c")]
    made = subprocess.run([*command, "-o", str(program)], capture_output=True, text=True)
    if "cannot find" in made.stderr and "san" in made.stderr:
        pytest.skip("the C compiler has no sanitizers")
    assert made.returncode == 0, made.stderr

    def optimize(shown: bytes, **environ: str) -> tuple[bytes, str]:
        ended = subprocess.run(
            [str(program)], input=shown, capture_output=True, env={**os.environ, **environ}
        )
        assert ended.returncode == 0, ended.stderr.decode()
        return ended.stdout, ended.stderr.decode()

    return optimize


LAYER = (
    node_def("m", "MatMul", "x", "w")
    + node_def("b", "BiasAdd", "m", "v")
    + node_def("r", "Relu", "b", rest=field(5, b"T" * 200))
)


def test_a_sound_optimizer_gives_the_graph_back_as_it_came(
    optimizer: Callable[..., tuple[bytes, str]],
) -> None:
    assert optimizer(LAYER)[0] == LAYER


def test_the_imitated_fault_makes_an_identity_of_that_relu_alone(
    optimizer: Callable[..., tuple[bytes, str]],
) -> None:
    other = node_def("c", "Conv2D", "x") + node_def("d", "BiasAdd", "c")
    alone = node_def("e", "Relu", "d") + node_def("f", "Relu", "x") + field(4, b"versions")
    found, _ = optimizer(LAYER + other + alone, STAND_IN_FAULT="1")
    replaced = field(1, LAYER_RELU + field(2, b"Identity"))
    assert found == LAYER[: -len(field(1, LAYER_RELU))] + replaced + other + alone


LAYER_RELU = field(1, b"r") + field(2, b"Relu") + field(3, b"b") + field(5, b"T" * 200)


def test_a_graph_that_is_cut_short_is_read_to_where_it_ends(
    optimizer: Callable[..., tuple[bytes, str]],
) -> None:
    for length in range(0, len(LAYER), 7):
        found, _ = optimizer(LAYER[:length], STAND_IN_FAULT="1")
        assert LAYER.startswith(found)


def test_each_graph_is_recorded_as_it_was_shown(
    optimizer: Callable[..., tuple[bytes, str]], tmp_path: Path
) -> None:
    optimizer(LAYER, STAND_IN_GRAPHS=str(tmp_path), STAND_IN_FAULT="1")
    (recorded,) = tmp_path.iterdir()
    assert recorded.suffix == ".pb"
    assert recorded.read_bytes() == LAYER


def test_it_switches_tensorflows_own_off_when_it_is_told_to(
    optimizer: Callable[..., tuple[bytes, str]],
) -> None:
    assert optimizer(b"")[1] == "0 0"
    assert optimizer(b"", STAND_IN_OFF="1")[1] == "1 1"


# ------------------------------------------------------------------------------- the real thing


@pytest.mark.index
@pytest.mark.slow
def test_a_real_tensorflow_shows_its_graphs_and_a_switch_keeps_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if build.compiler() is None:
        pytest.skip("there is no C compiler (gcc or cc) on PATH")
    if interpreters.find_interpreter("3.12", Processes()) is None:
        pytest.skip("there is no CPython 3.12")
    command = ["prove", "standin", "--tensorflow", "2.18.1", "-o", str(tmp_path), "--json"]
    assert __main__.main(command) == 0
    (told,) = json.loads(capsys.readouterr().out)["runs"]
    found = evidence.read_run(tmp_path / evidence.evidence_name("2.18.1"))
    switches = {switch.id: switch for switch in found.switches}
    assert told["fingerprint"] == found.fingerprint == build.fingerprint()
    assert switches["none"].predict == switches["activation-layer"].predict == "shown"
    assert switches["disable_meta_optimizer"].avoids
    assert switches["disable_meta_optimizer"].keeps_device
    assert found.mnist.passed
    assert found.mnist_with_fault.not_passed == ("agreement", "relu")
