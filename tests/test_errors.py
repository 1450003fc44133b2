from __future__ import annotations

import importlib
import pickle
import pkgutil
from dataclasses import fields
from string import Formatter

import tfmac_lock
from tfmac_lock import errors
from tfmac_lock.errors import (
    DataError,
    InputFileError,
    MissingExtra,
    OutsideError,
    Refusal,
    TfmacLockError,
    UnknownChoice,
    UsageError,
)


def every(kind: type[TfmacLockError]) -> set[type[TfmacLockError]]:
    return {kind}.union(*(every(below) for below in kind.__subclasses__()))


def test_every_error_of_the_program_leads_to_one_of_the_known_statuses() -> None:
    for module in pkgutil.walk_packages(tfmac_lock.__path__, "tfmac_lock."):
        # detect_relu is a script for other environments, which have TensorFlow.
        if not module.name.endswith(("__main__", ".detect_relu")):
            importlib.import_module(module.name)
    assert {kind.exit_status for kind in every(TfmacLockError)} == {1, 2, 3}
    for kind in every(TfmacLockError) - {TfmacLockError}:
        family = [base for base in (UsageError, Refusal, OutsideError) if issubclass(kind, base)]
        assert len(family) == 1 or kind.__name__ == "UnsoundLock", kind


def test_the_tree_in_the_docstring_is_the_real_one() -> None:
    assert errors.__doc__ is not None
    for kind in every(TfmacLockError):
        if kind.__module__ == errors.__name__:
            assert kind.__name__ in errors.__doc__


def test_errors_lead_to_the_place() -> None:
    assert str(InputFileError("r.in", "is empty", 3)) == "r.in:3: is empty"
    assert str(InputFileError("r.in", "is empty")) == "r.in: is empty"
    assert str(DataError("matrix/bounds.toml: bounds[3]", "no reason")) == (
        "matrix/bounds.toml: bounds[3]: no reason"
    )
    assert "'tfmac-lock[curate]'" in str(MissingExtra("editing the matrix", "curate"))


def test_an_unknown_word_is_shown_with_the_nearest_one() -> None:
    error = UnknownChoice("chip", "M1-por", ["m1", "m1-pro", "intel"])
    assert str(error) == ("unknown chip 'M1-por'. Did you mean 'm1-pro'? Known: m1, m1-pro, intel.")


def test_an_error_with_fields_comes_back_from_another_process_as_it_was() -> None:
    error = InputFileError(path="a.txt", reason="is empty", line=3)
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.line) == (InputFileError, "a.txt:3: is empty", 3)
    assert len({error, copy}) == 2


def test_every_template_names_fields_of_its_error_alone() -> None:
    kinds = [kind for kind in every(TfmacLockError) - {TfmacLockError} if "template" in vars(kind)]
    assert DataError in kinds
    for kind in kinds:
        named = {
            name.partition(".")[0] for _, name, _, _ in Formatter().parse(kind.template) if name
        }
        assert named
        assert named <= {field.name for field in fields(kind)}, kind  # type: ignore[arg-type]  # all are dataclasses
