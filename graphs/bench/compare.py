#!/usr/bin/env python3
"""Time the graphs of this folder in fragua and in other systems, taking turns, and print the table of docs/benchmarks.md.

    make bench                                         sets everything up and runs this
    .peers/bin/python graphs/bench/compare.py --threads 1 --rounds 5 --case mnist-mlp tanh-mlp

A measurement is a process of its own, bound to the first processors of the ones allowed; a round measures every system once, and
the table shows medians over the rounds. What is timed is one optimizer step, or one run of @predict, on data that are there
already: the median over blocks of 20 ms after a warm-up. "First" is the time from the model's text (fragua: from opening the file,
with no cache) to the first result; importing a Python package is not counted.
"""
import argparse, datetime, json, os, platform, statistics, subprocess, sys, time

from make_deep import GRAPHS

HERE = os.path.dirname(os.path.abspath(__file__))
BATCH = {"student": 32, "tiny-deep": 32, "mnist-mlp": 128, "wide-mlp": 512, "tanh-mlp": 256, "deep-1000": 32}
# name: (graph, function, batch)
CASES = {name: (name, "@fit", BATCH[name]) for name in GRAPHS}
CASES |= {f"mnist-mlp @predict, {rows}": ("mnist-mlp", "@predict", rows) for rows in (1, 128)}
RATE = 1e-3


class Net:
    """The arrays of a case: layers, inputs, targets."""

    def __init__(self, case):
        import numpy as np
        graph, self.function, self.batch = CASES[case]
        _, widths, self.activation, self.loss, self.optimizer = GRAPHS[graph]
        draw = np.random.default_rng(7)
        self.layers = [((draw.standard_normal((i, o)) * (2 / i) ** .5).astype("f4"), np.zeros(o, "f4"))
                       for i, o in zip(widths, widths[1:])]
        self.x = draw.standard_normal((self.batch, widths[0])).astype("f4")
        self.y = {"bce": (self.x[:, :1] > 0).astype("f4"), "mse": draw.standard_normal((self.batch, widths[-1])).astype("f4"),
                  "xent": draw.integers(0, widths[-1], self.batch)}[self.loss]
        self.trains = self.function == "@fit"


# ---- The peers: each returns a function that runs `repeats` steps, waits for the result and returns it, and that count.

def jax_peer(net, loops):
    os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={str(THREADS > 1).lower()} intra_op_parallelism_threads={THREADS}"
    import jax, jax.numpy as jnp
    act = {"sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh, "relu": jax.nn.relu}[net.activation]

    def predict(layers, x):
        for w, b in layers[:-1]: x = act(x @ w + b)
        return x @ layers[-1][0] + layers[-1][1]

    def loss(layers, x, y):
        z = predict(layers, x)
        if net.loss == "mse": return jnp.mean(jnp.square(z - y))
        if net.loss == "bce": return jnp.mean(jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z))))
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], 1))

    layers, x, y = jax.device_put((net.layers, net.x, net.y))
    if not net.trains:
        run = jax.jit(predict)
        return lambda: run(layers, x).block_until_ready(), 1

    def step(state, _):
        p, m, v, t = state
        value, g = jax.value_and_grad(loss)(p, x, y)
        if net.optimizer == "sgd": return (jax.tree.map(lambda p, g: p - RATE * g, p, g), m, v, t), value
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        new = lambda p, m, v: p - RATE * (m / (1 - 0.9 ** t)) / (jnp.sqrt(v / (1 - 0.999 ** t)) + 1e-8)
        return (jax.tree.map(new, p, m, v), m, v, t), value

    slots = jax.tree.map(jnp.zeros_like, (layers, layers)) if net.optimizer == "adam" else ((), ())
    state = [(layers, *slots, jnp.float32(0))]
    repeats = (200 if net.batch == 32 else 10) if loops else 1
    many = jax.jit(lambda s: jax.lax.scan(step, s, None, length=repeats) if loops else step(s, None), donate_argnums=0)

    def run():
        state[0], value = many(state[0])
        return value.block_until_ready()
    return run, repeats


def torch_peer(net, compiles):
    import torch
    from torch import nn
    from torch.nn import functional as F
    torch.set_num_threads(THREADS)
    act = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}[net.activation]
    modules = []
    for w, b in net.layers:
        linear = nn.Linear(*w.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(w.T.copy()))
            linear.bias.copy_(torch.from_numpy(b))
        modules += [linear, act()]
    model = nn.Sequential(*modules[:-1])
    x, y = torch.from_numpy(net.x), torch.from_numpy(net.y)
    if not net.trains:
        predict = torch.compile(model) if compiles else model

        def run():
            with torch.inference_mode(): return predict(x)
        return run, 1
    loss = {"mse": F.mse_loss, "bce": F.binary_cross_entropy_with_logits, "xent": F.cross_entropy}[net.loss]
    kind = torch.optim.SGD if net.optimizer == "sgd" else torch.optim.Adam
    optimizer = kind(model.parameters(), lr=RATE, fused=True)

    def derive():
        value = loss(model(x), y)
        value.backward()
        return value
    derive = torch.compile(derive) if compiles else derive

    def run():
        optimizer.zero_grad(set_to_none=True)
        value = derive()
        optimizer.step()
        return value
    return run, 1


def tensorflow_peer(net, xla):
    import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    act = {"sigmoid": tf.sigmoid, "tanh": tf.tanh, "relu": tf.nn.relu}[net.activation]
    layers = [(tf.Variable(w), tf.Variable(b)) for w, b in net.layers]
    x, y = tf.constant(net.x), tf.constant(net.y)

    def predict():
        h = x
        for w, b in layers[:-1]: h = act(h @ w + b)
        return h @ layers[-1][0] + layers[-1][1]

    def loss(z):
        if net.loss == "mse": return tf.reduce_mean(tf.square(z - y))
        if net.loss == "bce": return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(y, z))
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, z))

    if not net.trains:
        compiled = tf.function(predict, jit_compile=xla)
        return lambda: compiled().numpy(), 1
    weights = [p for layer in layers for p in layer]
    adam = net.optimizer == "adam"
    slots = [(tf.Variable(tf.zeros_like(p)), tf.Variable(tf.zeros_like(p))) for p in weights] if adam else []
    count = tf.Variable(0.0)

    @tf.function(jit_compile=xla)
    def step():
        with tf.GradientTape() as tape: value = loss(predict())
        gradients = tape.gradient(value, weights)
        if not adam:
            for p, g in zip(weights, gradients): p.assign_sub(RATE * g)
            return value
        t = count.assign_add(1.0)
        for p, g, (m, v) in zip(weights, gradients, slots):
            m.assign(0.9 * m + 0.1 * g)
            v.assign(0.999 * v + 0.001 * g * g)
            p.assign_sub(RATE * (m / (1 - 0.9 ** t)) / (tf.sqrt(v / (1 - 0.999 ** t)) + 1e-8))
        return value
    return lambda: step().numpy(), 1


def onnx_peer(net):
    import onnx, onnxruntime
    from onnx import TensorProto, helper, numpy_helper
    nodes, weights, value = [], [], "x"
    for i, (w, b) in enumerate(net.layers):
        weights += [numpy_helper.from_array(w, f"w{i}"), numpy_helper.from_array(b, f"b{i}")]
        nodes.append(helper.make_node("Gemm", [value, f"w{i}", f"b{i}"], [f"z{i}"]))
        value = f"z{i}"
        if i + 1 < len(net.layers):
            nodes.append(helper.make_node(net.activation.capitalize(), [value], [f"h{i}"]))
            value = f"h{i}"
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [net.batch, width])
            for name, width in (("x", net.x.shape[1]), (value, len(net.layers[-1][1])))]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"x": net.x}), 1


def openvino_peer(net):
    import openvino
    from openvino import opset13 as ops
    start = value = ops.parameter(list(net.x.shape), openvino.Type.f32)
    for i, (w, b) in enumerate(net.layers):
        value = ops.add(ops.matmul(value, ops.constant(w), False, False), ops.constant(b[None]))
        if i + 1 < len(net.layers): value = getattr(ops, net.activation)(value)
    options = {"INFERENCE_NUM_THREADS": THREADS, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    request = openvino.Core().compile_model(openvino.Model([value], [start]), "CPU", options).create_infer_request()
    request.set_input_tensor(openvino.Tensor(net.x))
    return request.infer, 1


def mlx_peer(net):
    os.environ["OPENBLAS_NUM_THREADS"] = str(THREADS)
    import mlx.core as mx, mlx.nn as nn
    act = {"sigmoid": mx.sigmoid, "tanh": mx.tanh, "relu": nn.relu}[net.activation]
    layers, x, y = [[mx.array(a) for a in layer] for layer in net.layers], mx.array(net.x), mx.array(net.y)

    def predict(layers, x):
        for w, b in layers[:-1]: x = act(mx.addmm(b, x, w))
        return mx.addmm(layers[-1][1], x, layers[-1][0])

    def loss(layers):
        z = predict(layers, x)
        if net.loss == "mse": return mx.mean(mx.square(z - y))
        if net.loss == "bce": return nn.losses.binary_cross_entropy(z, y, with_logits=True, reduction="mean")
        return nn.losses.cross_entropy(z, y, reduction="mean")

    if not net.trains:
        compiled = mx.compile(predict)

        def run():
            value = compiled(layers, x)
            mx.eval(value)
            return value
        return run, 1
    zeros = lambda: [[mx.zeros_like(p) for p in layer] for layer in layers]
    state = [layers, zeros(), zeros(), mx.array(0.0)]

    @mx.compile
    def step(p, m, v, t):
        value, g = mx.value_and_grad(loss)(p)
        each = lambda f, *trees: [[f(*leaf) for leaf in zip(*layer)] for layer in zip(*trees)]
        if net.optimizer == "sgd": return value, each(lambda p, g: p - RATE * g, p, g), m, v, t
        t = t + 1
        m, v = each(lambda m, g: 0.9 * m + 0.1 * g, m, g), each(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        new = lambda p, m, v: p - RATE * (m / (1 - 0.9 ** t)) / (mx.sqrt(v / (1 - 0.999 ** t)) + 1e-8)
        return value, each(new, p, m, v), m, v, t

    def run():
        value, *state[:] = step(*state)
        mx.eval(value, state)
        return value
    return run, 1


PEERS = {
    "JAX": lambda net: jax_peer(net, False), "JAX, steps in a loop": lambda net: jax_peer(net, True),
    "PyTorch": lambda net: torch_peer(net, False), "torch.compile": lambda net: torch_peer(net, True),
    "TensorFlow": lambda net: tensorflow_peer(net, False), "TensorFlow, XLA": lambda net: tensorflow_peer(net, True),
    "MLX": mlx_peer, "ONNX Runtime": onnx_peer, "OpenVINO": openvino_peer,
}
# What a peer imports, by its name up to a comma.
PACKAGES = {
    "JAX": ["jax"], "PyTorch": ["torch"], "torch.compile": ["torch"], "TensorFlow": ["tensorflow"], "MLX": ["mlx.core", "mlx.nn"],
    "ONNX Runtime": ["onnx", "onnxruntime"], "OpenVINO": ["openvino"],
}
INFERENCE_ONLY = {"ONNX Runtime", "OpenVINO"}
TRAINING_ONLY = {"JAX, steps in a loop"}
# What takes minutes to compile a thousand layers is left out there.
NOT_DEEP = {"torch.compile", "TensorFlow, XLA", "TensorFlow", "MLX", "JAX, steps in a loop"}


# ---- Measuring

def measure(case, peer, seconds):
    """Runs in a process of its own; prints one JSON object."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
    net = Net(case)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for package in PACKAGES[peer.split(",")[0]]: __import__(package)
    begin = time.perf_counter()
    run, repeats = PEERS[peer](net)
    run()
    first = time.perf_counter() - begin
    for _ in range(5): run()
    begin = time.perf_counter(); run()
    block = max(1, min(2000, int(0.02 / max(time.perf_counter() - begin, 1e-7))))
    samples, end = [], time.perf_counter() + seconds
    while len(samples) < 5 or time.perf_counter() < end:
        begin = time.perf_counter()
        for _ in range(block): run()
        samples.append((time.perf_counter() - begin) / block / repeats)
    print(json.dumps({"step_us": statistics.median(samples) * 1e6, "first_s": first}))


def last_object(text):
    for line in reversed(text.splitlines()):
        if line.startswith("{"): return json.loads(line)
    raise ValueError("no result")


def fragua(case, options):
    graph, function, batch = CASES[case]
    command = ["taskset", "-c", ",".join(map(str, sorted(os.sched_getaffinity(0))[:options.threads])), options.fragua,
               "bench", f"{HERE}/{graph}.graph", "--function", function, "--batch", str(batch), "--threads", str(options.threads),
               "--seconds", str(options.seconds), "--json"]
    return last_object(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def peer(case, name, options):
    command = [sys.executable, os.path.abspath(__file__), "--worker", name, "--case", case, "--threads", str(options.threads),
               "--seconds", str(options.seconds)]
    return last_object(subprocess.run(command, check=True, capture_output=True, text=True, timeout=900).stdout)


def processor():
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores"


def versions():
    from importlib.metadata import PackageNotFoundError, version
    found = []
    for package in ("jax", "torch", "tensorflow-cpu", "mlx", "onnxruntime", "openvino"):
        try: found.append(f"{package} {version(package)}")
        except PackageNotFoundError: pass
    return ", ".join(found)


def number(value):
    return f"{value:,.0f}".replace(",", " ") if value >= 1000 else f"{value:.3g}"


def table(options):
    print(f"{processor()}; {options.threads} thread{'s' if options.threads > 1 else ''}; medians of {options.rounds} rounds; "
          f"{datetime.date.today()}; {versions()}.\n")
    print("| case | fragua µs | spread | GFLOP/s (share of peak) | best other µs | which | other ÷ fragua | first s | other's first s |")
    print("| --- | ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: |", flush=True)
    for case in options.case:
        training = CASES[case][1] == "@fit"
        names = [p for p in options.peer if p not in (INFERENCE_ONLY if training else TRAINING_ONLY)
                 and not (case == "deep-1000" and p in NOT_DEEP)]
        ours, others, failures = [], {name: [] for name in names}, {}
        for _ in range(options.rounds):
            ours.append(fragua(case, options))
            for name in names:
                if name in failures: continue
                try: others[name].append(peer(case, name, options))
                except (subprocess.SubprocessError, ValueError) as error: failures[name] = error
        middle = lambda results, key: statistics.median(r[key] for r in results)
        times = {name: middle(results, "step_us") for name, results in others.items() if results}
        step = middle(ours, "step_us")
        spread = max(r["step_us"] for r in ours) / min(r["step_us"] for r in ours)
        share = middle(ours, "gflops") / middle(ours, "peak_gflops")
        row = [case, number(step), f"{spread:.2f}", f"{middle(ours, 'gflops'):.1f} ({share:.0%})"]
        if times:
            best = min(times, key=times.get)
            first = min(middle(others[name], "first_s") for name in times)
            row += [number(times[best]), best, f"{times[best] / step:.2f}", number(middle(ours, "first_s")), number(first)]
        else:
            row += ["", "", "", number(middle(ours, "first_s")), ""]
        print("| " + " | ".join(row) + " |", flush=True)
        detail = ", ".join(f"{name} {number(value)}" for name, value in sorted(times.items(), key=lambda item: item[1]))
        print(f"{case}: {detail}" + "".join(f"; {name} failed: {error}" for name, error in failures.items()), file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", nargs="+", default=list(CASES), choices=list(CASES), metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--peer", nargs="+", default=[p for p in PEERS if p != "TensorFlow, XLA"], choices=list(PEERS), metavar="PEER",
                        help="; ".join(PEERS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.5, help="how long a measurement lasts")
    parser.add_argument("--fragua", default=os.path.join(HERE, "../../.build/release/fragua"))
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    global THREADS
    THREADS = options.threads
    if options.worker: measure(options.case[0], options.worker, options.seconds)
    else: table(options)


if __name__ == "__main__":
    main()
