#!/usr/bin/env python3
"""Write data/optimizers.npz: what Keras' and PyTorch's optimizers make of one small problem.

The problem is to minimise mean((tanh(x @ w + b) - y)^2) over w [5, 3] and b [3], with all 16 rows in each of 100 steps.
All of x, y, w0 and b0 are exact in f32, so that f32 and f64 begin at the same point.

Arrays:
    x [16, 5], y [16, 3], w0 [5, 3], b0 [3]    f64
    steps                                      i64: 1, 10, 100
    SYSTEM.OPTIMIZER.TYPE.w [3, 5, 3]          w after each of these numbers of steps
    SYSTEM.OPTIMIZER.TYPE.b [3, 3]             b likewise
    SYSTEM.OPTIMIZER.TYPE.loss [101]           loss[i] is the loss after i steps, so loss[0] is that of w0 and b0
where SYSTEM is keras or torch, TYPE is f64 or f32, and the optimizers are the keys of KERAS and TORCH
below. Options that are not named there keep their defaults.

Each optimizer is also written out here in plain NumPy (`equations`), and what the systems did in f64 must agree with that,
or nothing is written. README.md has the same equations.

    python3 optimizers.py          everything anew
    python3 optimizers.py --add    what is not in the file yet, the rest as it is; without PyTorch where only Keras' is
"""
import os
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_ENABLE_X64"] = "1"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import keras
import numpy as np

STEPS = (1, 10, 100)
TYPES = {"f64": "float64", "f32": "float32"}

KERAS = {
    "sgd": ("SGD", {}),
    "sgd_momentum": ("SGD", dict(momentum=0.9)),
    "sgd_nesterov": ("SGD", dict(momentum=0.9, nesterov=True)),
    "adam": ("Adam", {}),
    "adagrad": ("Adagrad", {}),
    "adadelta": ("Adadelta", {}),
    "rmsprop": ("RMSprop", {}),
    "rmsprop_momentum": ("RMSprop", dict(momentum=0.9)),
    "rmsprop_centered": ("RMSprop", dict(centered=True)),
    "rmsprop_centered_momentum": ("RMSprop", dict(centered=True, momentum=0.9)),
}
TORCH = dict(KERAS)  # the names of classes and options are the same
KERAS |= {
    "adamw": ("AdamW", dict(weight_decay=0.1)),
    "sgd_globalnorm": ("SGD", dict(learning_rate=0.1, global_clipnorm=0.25)),
    "sgd_norm": ("SGD", dict(learning_rate=0.1, clipnorm=0.25)),
    "sgd_value": ("SGD", dict(learning_rate=0.1, clipvalue=0.0625)),
}


def problem():
    """x, y, w0 and b0: multiples of 1/256, and columns of x of unequal sizes so that gradients are too."""
    def grid(shape, scale, phase):
        i = np.arange(np.prod(shape)).reshape(shape)
        return np.round(256 * scale * np.sin(phase + 2.399963 * i)) / 256

    x = grid((16, 5), 1, 0.3) * np.array([2, 1, 0.5, 1, 0.125])
    y = grid((16, 3), 0.75, 1.7)
    return x, y, grid((5, 3), 0.75, 0.9), grid((3,), 0.25, 2.1)


# ---------------------------------------------------------------- the systems

def run_keras(name, dtype):
    keras.config.set_floatx(dtype)
    x, y, w, b = (jnp.asarray(a, dtype) for a in problem())
    w, b = keras.Variable(w, dtype=dtype), keras.Variable(b, dtype=dtype)
    kind, options = KERAS[name]
    optimizer = getattr(keras.optimizers, kind)(**options)
    optimizer.build([w, b])
    both = jax.value_and_grad(lambda p: ((jnp.tanh(x @ p[0] + p[1]) - y) ** 2).mean())

    def step():
        loss, gradients = both((w.value, b.value))
        assert all(g.dtype == dtype for g in gradients)
        optimizer.apply(gradients)
        return loss
    return record(step, lambda: both((w.value, b.value))[0], w.numpy, b.numpy)


def run_torch(name, dtype):
    import torch
    x, y, w, b = (torch.tensor(a, dtype=getattr(torch, dtype)) for a in problem())
    w.requires_grad_(), b.requires_grad_()
    kind, options = TORCH[name]
    optimizer = getattr(torch.optim, kind)([w, b], **options)

    def objective():
        return ((torch.tanh(x @ w + b) - y) ** 2).mean()

    def step():
        optimizer.zero_grad()
        loss = objective()
        loss.backward()
        optimizer.step()
        return loss.detach()
    return record(step, lambda: objective().detach(), lambda: w.detach().numpy(), lambda: b.detach().numpy())


def record(step, objective, w, b):
    losses, ws, bs = [], [], []
    for i in range(1, STEPS[-1] + 1):
        losses.append(np.asarray(step()))
        if i in STEPS:
            ws.append(np.array(w()))
            bs.append(np.array(b()))
    losses.append(np.asarray(objective()))
    return dict(w=np.stack(ws), b=np.stack(bs), loss=np.stack(losses))


# ---------------------------------------------------------------- the same by hand

def equations(system, name):
    """The optimizer as a function update(parameter, gradient, slots, t), t = 1, 2, ...; slots begin as zeros."""
    k, options = system == "keras", KERAS[name][1]
    momentum, centered = options.get("momentum", 0), options.get("centered", False)

    def sgd(p, g, s, t):
        lr = options.get("learning_rate", 0.01 if k else 0.001)
        if not momentum:
            return p - lr * g
        if k:
            s["m"] = momentum * s["m"] - lr * g
            return p + (momentum * s["m"] - lr * g if "nesterov" in options else s["m"])
        s["m"] = momentum * s["m"] + g
        return p - lr * (g + momentum * s["m"] if "nesterov" in options else s["m"])

    def adam(p, g, s, t):
        s["m"] = s["m"] + (1 - 0.9) * (g - s["m"])
        s["v"] = s["v"] + (1 - 0.999) * (g * g - s["v"])
        c1, c2 = 1 - 0.9 ** t, 1 - 0.999 ** t
        if k:
            return p - s["m"] * (0.001 * np.sqrt(c2) / c1) / (np.sqrt(s["v"]) + 1e-7)
        return p - (0.001 / c1) * s["m"] / (np.sqrt(s["v"]) / np.sqrt(c2) + 1e-8)

    def adamw(p, g, s, t):
        return adam(p - 0.001 * options["weight_decay"] * p, g, s, t)

    def adagrad(p, g, s, t):
        if k:
            s["a"] = (s["a"] if t > 1 else 0.1) + g * g
            return p - 0.001 * g / np.sqrt(s["a"] + 1e-7)
        s["a"] = s["a"] + g * g
        return p - 0.01 * g / (np.sqrt(s["a"]) + 1e-10)

    def adadelta(p, g, s, t):
        lr, rho, eps = (0.001, 0.95, 1e-7) if k else (1.0, 0.9, 1e-6)
        s["g"] = rho * s["g"] + (1 - rho) * g * g
        d = np.sqrt(s["d"] + eps) / np.sqrt(s["g"] + eps) * g
        s["d"] = rho * s["d"] + (1 - rho) * d * d
        return p - lr * d

    def rmsprop(p, g, s, t):
        lr, rho = (0.001, 0.9) if k else (0.01, 0.99)
        s["v"] = rho * s["v"] + (1 - rho) * g * g
        s["a"] = rho * s["a"] + (1 - rho) * g
        v = s["v"] - s["a"] ** 2 if centered else s["v"]
        d = g / np.sqrt(v + 1e-7) if k else g / (np.sqrt(v) + 1e-8)
        s["m"] = momentum * s["m"] + (lr * d if k else d)
        return p - (s["m"] if k else lr * s["m"])

    return dict(sgd=sgd, adam=adam, adamw=adamw, adagrad=adagrad, adadelta=adadelta, rmsprop=rmsprop)[name.split("_")[0]]


def clipped(gradients, options):
    """The gradients as clipping by value, by norm, or by the norm of all leaves them."""
    def scale(norm, maximum):
        return maximum * min(1 / norm, 1 / maximum)

    norms = [np.sqrt((g * g).sum()) for g in gradients]
    if "clipvalue" in options:
        return [np.clip(g, -options["clipvalue"], options["clipvalue"]) for g in gradients]
    if "clipnorm" in options:
        return [g * scale(n, options["clipnorm"]) for g, n in zip(gradients, norms)]
    if "global_clipnorm" in options:
        norm = np.sqrt(sum(n * n for n in norms))
        return [g * scale(norm, options["global_clipnorm"]) for g in gradients]
    return gradients


def run_by_hand(system, name):
    x, y, *p = problem()
    slots = [{k: 0.0 for k in "agmvd"} for _ in p]
    update = equations(system, name)

    def objective():
        return ((np.tanh(x @ p[0] + p[1]) - y) ** 2).mean()

    t = 0
    def step():
        nonlocal t
        t += 1
        loss, h = objective(), np.tanh(x @ p[0] + p[1])
        dz = 2 * (h - y) * (1 - h * h) / h.size
        gradients = clipped((x.T @ dz, dz.sum(0)), KERAS[name][1])
        p[:] = [update(a, g, s, t) for a, g, s in zip(p, gradients, slots)]
        return loss
    return record(step, objective, lambda: p[0], lambda: p[1])


def main():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "optimizers.npz")
    arrays = dict(np.load(path)) if "--add" in sys.argv[1:] else {}
    arrays |= dict(zip(("x", "y", "w0", "b0"), problem()), steps=np.array(STEPS))
    assert all((arrays[k] == arrays[k].astype(np.float32)).all() for k in ("x", "y", "w0", "b0"))
    print(f"keras {keras.__version__} on jax {jax.__version__}, numpy {np.__version__}")
    print(f"{'':33} loss, first   loss, last    by hand   f32 (both: greatest difference from f64 of any entry)")
    for system, run, names in (("keras", run_keras, KERAS), ("torch", run_torch, TORCH)):
        for name in names:
            if f"{system}.{name}.f64.w" in arrays:
                continue
            results = {short: run(name, dtype) for short, dtype in TYPES.items()}
            hand = run_by_hand(system, name)
            far = {}
            for other, result in (("hand", hand), ("f32", results["f32"])):
                far[other] = max(abs(result[k] - results["f64"][k]).max() for k in result)
            loss = results["f64"]["loss"]
            print(f"{system + '.' + name:33} {loss[0]:.9f}   {loss[-1]:.9f}   {far['hand']:.1e}   {far['f32']:.1e}")
            assert far["hand"] < 1e-12, "the equations do not describe this optimizer"
            assert far["f32"] < 1e-3
            for short, result in results.items():
                for key, value in result.items():
                    assert value.dtype == TYPES[short] and np.isfinite(value).all()
                    arrays[f"{system}.{name}.{short}.{key}"] = value
    np.savez_compressed(path, **arrays)
    print(f"{len(arrays)} arrays, {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    main()
