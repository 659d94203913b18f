#!/usr/bin/env python3
"""Write the graphs of this folder: the perceptrons that the benchmark runs in every peer too.

    python3 make_deep.py        writes all of them beside this script; deep-1000 has 1000 layers, hence the script

Nets, losses, optimizers and rate are those of the same names in the peers' script: weights normal with the standard
deviation sqrt(2 / inputs), biases 0, rate 0.001, Adam as PyTorch and JAX define it (epsilon 1e-8, corrected).
"""
import os

GRAPHS = {
    # name: (what it is, layer widths, activation, loss, optimizer)
    "student": ("The smallest net: what a step costs besides arithmetic. Batch 32.", [2, 3, 1], "sigmoid", "bce", "sgd"),
    "tiny-deep": ("Nine small layers. Batch 32.", [64] + [64] * 8 + [10], "relu", "xent", "adam"),
    "mnist-mlp": ("The usual net for MNIST's digits. Batch 128.", [784, 512, 512, 10], "relu", "xent", "adam"),
    "wide-mlp": ("Large products. Batch 512.", [1024] * 5, "relu", "mse", "sgd"),
    "tanh-mlp": ("A regression. Batch 256.", [256, 256, 256, 256, 1], "tanh", "mse", "adam"),
    "deep-1000": ("A thousand layers: what compiling costs. Batch 32.", [16] * 1001, "tanh", "mse", "sgd"),
}

OPTIMIZERS = {
    "sgd": "sgd(learning_rate = 0.001)",
    "adam": "adam(learning_rate = 0.001, epsilon = 1e-8, epsilon_placement = corrected)",
}


def graph(name, summary, widths, activation, loss, optimizer):
    """The text of one graph."""
    layers = list(zip(widths, widths[1:]))
    lines = [f"graph @{name.replace('-', '_')} version 1", "", f"// {summary}"]
    lines += ["// Written by make_deep.py.", ""]
    for i, (inputs, outputs) in enumerate(layers, 1):
        lines.append(f"param @w{i}: tensor<{inputs}x{outputs}xf32> = normal(stddev = {(2 / inputs) ** .5!r})")
        lines.append(f"param @b{i}: tensor<{outputs}xf32> = zeros")
    x, z = f"%x: tensor<Bx{widths[0]}xf32>", f"tensor<Bx{widths[-1]}xf32>"
    y = "%y: tensor<Bxi32>" if loss == "xent" else f"%y: {z}"
    lines += ["", f"func @predict({x}) -> {z} {{"]
    value = "%x"
    for i in range(1, len(layers) + 1):
        last = i == len(layers)
        result = "%z" if last else f"%h{i}"
        lines.append(f"  {result} = dense {value}, @w{i}, @b{i}" + ("" if last else f" {{activation = {activation}}}"))
        value = result
    lines += ["  return %z", "}", "", f"func @loss({x}, {y}) -> tensor<f32> {{", "  %z = call @predict(%x)"]
    if loss == "mse":
        lines += ["  %m = mean_squared_error %z, %y"]
    else:
        entropy = {"bce": "sigmoid_cross_entropy", "xent": "softmax_cross_entropy"}[loss]
        lines += [f"  %l = {entropy} %z, %y", "  %m = reduce_mean %l"]
    lines += ["  return %m", "}", "", "train @fit minimize @loss {", f"  optimizer = {OPTIMIZERS[optimizer]}", "}"]
    return "\n".join(lines) + "\n"


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    for name, case in GRAPHS.items():
        with open(os.path.join(folder, name + ".graph"), "w", newline="\n") as file:
            file.write(graph(name, *case))


if __name__ == "__main__":
    main()
