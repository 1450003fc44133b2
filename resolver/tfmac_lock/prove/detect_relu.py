"""Does this TensorFlow's GPU leave the ReLU of a Dense layer out? Exit status 1 says yes.

`tfmac-lock --detect | python -` runs it in any environment. Standard TensorFlow and Python 3.8
are enough. A fault shows in compiled graphs alone, so `predict` is held against the eager call.
"""

import sys

import numpy as np
import tensorflow as tf

x = np.random.RandomState(1).randn(64, 32).astype("float32")
model = tf.keras.Sequential([tf.keras.Input((32,)), tf.keras.layers.Dense(16, activation="relu")])
compiled, eager = model.predict(x, verbose=0), model(tf.constant(x), training=False).numpy()
gpus = [gpu.name for gpu in tf.config.get_visible_devices("GPU")]
print("TensorFlow %s on %s" % (tf.__version__, ", ".join(gpus) or "the CPU"))
lowest, apart = compiled.min(), abs(compiled - eager).max()
print("predict: lowest %.3g, furthest from the eager call %.3g" % (lowest, apart))
wrong = lowest < 0 or apart > 1e-3
print("WRONG: predict leaves the ReLU out" if wrong else "right: predict applies the ReLU")
sys.exit(int(wrong))
