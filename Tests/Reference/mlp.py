#!/usr/bin/env python3
"""Write data/mlp.npz: loss and gradients of a 784-512-512-10 network, from JAX in f64 and from PyTorch in f32.

The network is h = relu(x @ w0 + b0), h = relu(h @ w1 + b1), logits = h @ w2 + b2, for a batch of 128; the loss is the mean
over the batch of the cross entropy of softmax(logits) and the labels.

No input is stored. Element i (row-major) of the array with key k has a hash, in 32-bit unsigned arithmetic that wraps:

    h = i * 2654435761 + k * 40503 + 12345
    h = h ^ (h >> 15)
    h = h * 2246822519
    h = h ^ (h >> 13)

and with u = h / 2^32 - 0.5, which is exact in f64, the element is

    x       key 0        [128, 784]                           2 * u
    labels  key 1        [128]                                h mod 10
    w0..w2  key 2, 4, 6  [784, 512] [512, 512] [512, 10]      u * sqrt(6 / fan_in), fan_in being the number of rows
    b0..b2  key 3, 5, 7  [512] [512] [10]                     0.1 * u

each in f64 with one rounding an operation. The f32 run takes these values rounded once.

Arrays, where P is jax.f64 or torch.f32 and V is each of w0, b0, w1, b1, w2, b2:

    P.loss                     the loss
    P.logits, P.logits_sum     [128, 10], and their sum
    P.V.norm, P.V.sum          of the gradient of V: Euclidean norm and sum, both computed in f64
    P.V.first                  its first 20 elements, or all of a smaller one
    P.V.stride                 its elements at index V.indices
    V.indices                  i64: multiples of size / 20 rounded down, 20 of them, or all of a smaller one
    P.w2, P.b2                 the gradients of the last layer, whole
    x.first, labels.first, V.first   f64, i64, f64: the first 8 elements of the inputs and parameters, to test the hash with

    python3 mlp.py
"""
import os

os.environ["JAX_ENABLE_X64"] = "1"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy as np
import torch

WIDTHS, BATCH = (784, 512, 512, 10), 128
NAMES = ("w0", "b0", "w1", "b1", "w2", "b2")


def hashes(key, *shape):
    i = np.arange(np.prod(shape), dtype=np.uint64)
    mask = np.uint64(0xFFFFFFFF)
    h = (i * np.uint64(2654435761) + np.uint64(key * 40503 + 12345)) & mask
    h ^= h >> np.uint64(15)
    h = (h * np.uint64(2246822519)) & mask
    h ^= h >> np.uint64(13)
    return h.reshape(shape)


def uniform(key, *shape):
    return hashes(key, *shape) / 2.0 ** 32 - 0.5


def network():
    x = 2 * uniform(0, BATCH, WIDTHS[0])
    labels = (hashes(1, BATCH) % np.uint64(10)).astype(np.int64)
    parameters = []
    for n, (rows, columns) in enumerate(zip(WIDTHS, WIDTHS[1:])):
        parameters.append(uniform(2 * n + 2, rows, columns) * np.sqrt(6 / rows))
        parameters.append(0.1 * uniform(2 * n + 3, columns))
    return x, labels, parameters


def run_jax(x, labels, parameters):
    def objective(p):
        h = jax.nn.relu(x @ p[0] + p[1])
        h = jax.nn.relu(h @ p[2] + p[3])
        z = h @ p[4] + p[5]
        return -jnp.take_along_axis(jax.nn.log_softmax(z), labels[:, None], 1).mean(), z
    x, labels = jnp.asarray(x), jnp.asarray(labels)
    (loss, z), gradients = jax.value_and_grad(objective, has_aux=True)([jnp.asarray(p) for p in parameters])
    return [np.asarray(a) for a in (loss, z, *gradients)]


def run_torch(x, labels, parameters):
    x, labels = torch.tensor(x, dtype=torch.float32), torch.tensor(labels)
    p = [torch.tensor(a, dtype=torch.float32, requires_grad=True) for a in parameters]
    h = torch.relu(x @ p[0] + p[1])
    h = torch.relu(h @ p[2] + p[3])
    z = h @ p[4] + p[5]
    loss = torch.nn.functional.cross_entropy(z, labels)
    loss.backward()
    return [a.detach().numpy() for a in (loss, z, *(a.grad for a in p))]


def main():
    x, labels, parameters = network()
    arrays = {"x.first": x.ravel()[:8], "labels.first": labels[:8]}
    for name, value in zip(NAMES, parameters):
        stride = max(1, value.size // 20)
        arrays[name + ".first"] = value.ravel()[:8]
        arrays[name + ".indices"] = np.arange(min(20, value.size)) * stride
    results = {"jax.f64": run_jax(x, labels, parameters), "torch.f32": run_torch(x, labels, parameters)}
    for prefix, (loss, logits, *gradients) in results.items():
        assert all(a.dtype == ("float64" if "f64" in prefix else "float32") for a in (loss, logits, *gradients))
        arrays[f"{prefix}.loss"], arrays[f"{prefix}.logits"] = loss, logits
        arrays[f"{prefix}.logits_sum"] = logits.sum(dtype=np.float64)
        for name, g in zip(NAMES, gradients):
            arrays[f"{prefix}.{name}.norm"] = np.sqrt((g.astype(np.float64) ** 2).sum())
            arrays[f"{prefix}.{name}.sum"] = g.sum(dtype=np.float64)
            arrays[f"{prefix}.{name}.first"] = g.ravel()[:20]
            arrays[f"{prefix}.{name}.stride"] = g.ravel()[arrays[name + ".indices"]]
        arrays[f"{prefix}.w2"], arrays[f"{prefix}.b2"] = gradients[4:]

    print(f"jax {jax.__version__}, torch {torch.__version__}, numpy {np.__version__}")
    exact, single = results.values()
    print(f"loss {exact[0]:.12f} in f64, {single[0]:.9f} in f32; labels {np.bincount(labels)}")
    for name, a, b in zip(("loss", "logits") + NAMES, exact, single):
        far = abs(a - b).max() / abs(a).max()
        print(f"{name:6} greatest {abs(a).max():.3e}, f32 from f64 relative to that {far:.1e}, zeros {(a == 0).mean():.3f}")
        assert far < 1e-4

    # Central differences of the f64 loss along one direction: both systems could be wrong in the same way only together.
    direction = [np.cos(1.0 + np.arange(p.size)).reshape(p.shape) for p in parameters]
    loss = [run_jax(x, labels, [p + s * 1e-6 * d for p, d in zip(parameters, direction)])[0] for s in (1, -1)]
    slope, measured = sum((g * d).sum() for g, d in zip(exact[2:], direction)), (loss[0] - loss[1]) / 2e-6
    print(f"slope {slope:.9f}, by central differences {measured:.9f}")
    assert abs(slope - measured) < 1e-6 * abs(slope)

    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "mlp.npz")
    np.savez_compressed(path, **{k: np.asarray(v) for k, v in arrays.items()})
    print(f"{len(arrays)} arrays, {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    main()
