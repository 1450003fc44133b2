"""A loss that explodes, and losses that do not."""

from __future__ import annotations

import pytest

from tfmac_lock.explain.curve import LossCurve


def seen(*losses: object, first: int = 1, extra: str = "") -> bool:
    curve = LossCurve()
    for epoch, loss in enumerate(losses, first):
        curve.feed(f"Epoch {epoch}/30\n99/99 - 1s - loss: {loss}{extra}\n".encode())
    curve.finish()
    return bool(curve.line)


@pytest.mark.parametrize(
    "losses",
    [
        (0.5, 0.3, "nan"),
        (0.5, 0.3, "inf"),
        (0.5, 0.3, 40.0),
        (0.5, "3.1e+12"),
        (0.73, 0.94, 1.18, 1.53, 1.94, 2.43, 3.25),
    ],
)
def test_a_loss_that_explodes_is_seen(losses: tuple[object, ...]) -> None:
    assert seen(*losses)


@pytest.mark.parametrize(
    "losses",
    [
        (0.5, 0.3, 0.2, 0.1),
        (0.01, 0.2, 0.05),
        (2.3, 2.31, 2.32, 2.33, 2.34, 2.35),
        (900.0, 870.0, 910.0, 880.0, 905.0),
        (1.0, 1.1, 0.9, 1.3, 1.2, 2.0),
        (5.0, 1.0, 2.0, 1.0, 3.0, 1.0),
    ],
)
def test_noise_and_slow_learning_are_not(losses: tuple[object, ...]) -> None:
    assert not seen(*losses)


def test_another_training_in_the_same_log_starts_anew() -> None:
    curve = LossCurve()
    for loss in (0.1, 50.0):  # a classifier, then a regression
        curve.feed(f"Epoch 1/1\n9/9 - loss: {loss}\n".encode())
    curve.finish()
    assert not curve.line


def test_validation_and_part_losses_do_not_count() -> None:
    curve = LossCurve()
    for epoch in range(1, 6):
        curve.feed(f"Epoch {epoch}/9\n9/9 - loss: 0.1 - val_loss: 9e9 - box_loss: nan\n".encode())
    curve.finish()
    assert not curve.line


def test_a_loss_torn_between_two_reads_is_put_together() -> None:
    curve = LossCurve()
    for piece in (b"Epoch 1/2\n9/9 - loss: 0.1\nEpo", b"ch 2/2\n9/9 - lo", b"ss: na", b"n\n"):
        curve.feed(piece)
    curve.finish()
    assert "nan" in curve.line
