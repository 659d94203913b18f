#!/usr/bin/env python3
"""Time matrix products in fragua and in OpenBLAS, taking turns, and print the table of docs/benchmarks.md.

    make products                                      sets everything up and runs this
    python3 graphs/bench/products.py --rounds 9 --shape 512x512x512 1000x10x784

A product of M x N x K is C = A B in f32, A of M rows and K columns, B of K rows and N columns, on one thread: in fragua
a graph of one matmul whose operands are both arguments, measured by 'fragua bench'; in OpenBLAS a call of cblas_sgemm,
or of cblas_sgemv where that can do it and is faster, measured by openblas.c beside this script. Both time blocks of
20 ms after a warm-up, on operands that are there already, row by row; what either copies to pack them is part of its
time. openblas.c says why OpenBLAS gets a large product first.

A measurement is a process of its own, bound to the first processor of the ones allowed; a round measures both, and they
take turns in being the first. GFLOP/s are of the best block of all rounds, and the first ratio is of these. The second
one is of the medians over the rounds of each process's median block: it shows load that lasts longer than a block. The
share is of the best that multiply-adds in registers reach in fragua's processes of that shape.
"""
import argparse, datetime, json, math, os, platform, statistics, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SHAPES = {
    # kind: M x N x K
    "square": [f"{n}x{n}x{n}" for n in (32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)],
    "of nets": ["32x64x64", "128x10x512", "128x512x784", "128x512x512", "512x512x128", "784x512x128", "512x1024x1024",
                "1000x10x784"],
    "odd": ["31x33x29", "61x67x71", "97x131x113", "101x103x107", "255x257x253", "333x127x501"],
    "tall": ["2048x32x128", "4096x64x64", "10000x16x64"],
    "wide": ["32x2048x128", "64x4096x64", "16x10000x64"],
    "deep": ["16x16x8192", "64x64x4096", "128x128x2048", "100x30x3000"],
    "vectors": ["1x512x784", "1x1024x1024", "1x10x512", "512x1x784", "1024x1x1024", "3000x1x200"],
}


def extents(shape):
    parts = shape.split("x")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(f"'{shape}' is not MxNxK")
    return tuple(map(int, parts))


def output(command):
    """What a command prints, bound to one processor; the end of the script where it fails."""
    bound = ["taskset", "-c", str(min(os.sched_getaffinity(0)))] + command
    result = subprocess.run(bound, capture_output=True, text=True)
    if result.returncode: sys.exit(f"'{' '.join(command)}' ends with {result.returncode}: {result.stderr.strip()}")
    return result.stdout


def graph(m, n, k):
    types = [f"tensor<{rows}x{columns}xf32>" for rows, columns in ((m, k), (k, n), (m, n))]
    return (f"graph @product version 1\n\nfunc @f(%a: {types[0]}, %b: {types[1]}) -> {types[2]} {{\n"
            "  %c = matmul %a, %b\n  return %c\n}\n")


def fragua(shape, path, options):
    """The seconds of the best and the median block, and the peak."""
    with open(path, "w") as file: file.write(graph(*shape))
    command = [options.fragua, "bench", path, "--function", "@f", "--threads", "1", "--seconds", str(options.seconds),
               "--json"]
    result = json.loads(output(command))
    if result["flops"] != 2 * math.prod(shape): sys.exit(f"{result['flops']} operations are no product of {shape}")
    return {"best": result["min_us"] / 1e6, "median": result["step_us"] / 1e6, "peak": result["peak_gflops"]}


def openblas(shape, seconds, options):
    """The seconds of the best and the median block, and by what."""
    result = json.loads(output([options.openblas, str(seconds), *map(str, shape)]))
    return {"best": result["min_us"] / 1e6, "median": result["median_us"] / 1e6, "routine": result["routine"],
            "library": " ".join(result["library"].split()[:2]) + " for " + result["core"]}


def header(options):
    with open("/proc/cpuinfo") as file:
        models = (line.split(":")[1].strip() for line in file if line.startswith("model name"))
        model = next(models, platform.machine())
    peak = json.loads(output([options.fragua, "bench", "--peak", "--threads", "1", "--json"]))
    library = openblas((1, 1, 1), 0, options)["library"]
    rounds = f"{options.rounds} round{'s' if options.rounds > 1 else ''} of {options.seconds} s"
    print(f"{model}, {os.cpu_count()} cores; 1 thread; {rounds}; "
          f"{datetime.date.today()}; {library}; peak {peak['peak_f32_gflops']} GFLOP/s with {peak['cpu']}; "
          f"load {os.getloadavg()[0]:.1f} at the start.\n")


def measure(shape, folder, options):
    """The results of fragua and of OpenBLAS for a shape."""
    ours, its = [], []
    turns = [lambda: ours.append(fragua(shape, os.path.join(folder, "product.graph"), options)),
             lambda: its.append(openblas(shape, options.seconds, options))]
    for index in range(options.rounds):
        for turn in turns[::-1] if index % 2 else turns: turn()
    return ours, its


def summary(name, ratios):
    mean = math.exp(statistics.fmean(map(math.log, ratios.values())))
    least = min(ratios, key=ratios.get)
    print(f"{name}: geometric mean {mean:.3f}, minimum {ratios[least]:.3f} ({least}), {len(ratios)} shapes.")


def table(options):
    header(options)
    print("| M x N x K | fragua GFLOP/s | share of the peak | OpenBLAS GFLOP/s | fragua ÷ OpenBLAS | of the medians |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |", flush=True)
    best_ratios, median_ratios = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for shape in options.shape:
            ours, its = measure(shape, folder, options)
            name, flops = " x ".join(map(str, shape)), 2 * math.prod(shape)
            mine, other = (min(results, key=lambda result: result["best"]) for results in (ours, its))
            gflops = flops / mine["best"] / 1e9
            share = gflops / max(result["peak"] for result in ours)
            middle = lambda results: statistics.median(result["median"] for result in results)
            best_ratios[name], median_ratios[name] = other["best"] / mine["best"], middle(its) / middle(ours)
            routine = "" if other["routine"] == "sgemm" else f" ({other['routine']})"
            row = [name, f"{gflops:.1f}", f"{share:.2f}", f"{flops / other['best'] / 1e9:.1f}{routine}",
                   f"{best_ratios[name]:.2f}", f"{median_ratios[name]:.2f}"]
            print("| " + " | ".join(row) + " |", flush=True)
    print()
    summary("fragua ÷ OpenBLAS", best_ratios)
    summary("of the medians", median_ratios)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", nargs="+", type=extents, metavar="MxNxK",
                        default=[extents(shape) for shapes in SHAPES.values() for shape in shapes])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3, help="how long a measurement lasts")
    parser.add_argument("--fragua", default=os.path.join(HERE, "../../.build/release/fragua"))
    parser.add_argument("--openblas", default=os.path.join(HERE, "../../.build/openblas"), help="openblas.c, compiled")
    options = parser.parse_args()
    if options.rounds < 1 or not 0 <= options.seconds <= 86400: parser.error("there is a round at least, of some time")
    table(options)


if __name__ == "__main__":
    main()
