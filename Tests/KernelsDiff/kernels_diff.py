#!/usr/bin/env python3
"""Says which kernels, schedules, plans and machine code differ from those of another revision.

Every function, gradient and training of the graphs in graphs/ and of the golden cases is compiled by both commands for
each instruction set. A symbol without a value is 32. Ends with 1 where anything differs.

  python3 Tests/KernelsDiff/kernels_diff.py REVISION [--only WORD] [--cpu SET] [--threads N] [--show N]
"""
import argparse
import concurrent.futures
import difflib
import glob
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, ".build", "kernels-diff")
NOW = os.path.join(ROOT, ".build", "release", "fragua")
BATCH = 32


def command_of(revision):
    """The command of a revision, built where it is not there yet."""
    commit = subprocess.run(
        ["git", "rev-parse", "--verify", revision + "^{commit}"], cwd=ROOT, capture_output=True, text=True)
    if commit.returncode != 0:
        sys.exit(f"there is no revision '{revision}': {commit.stderr.strip()}")
    commit = commit.stdout.strip()
    kept = os.path.join(FOLDER, commit)
    if os.path.exists(kept):
        return kept
    tree = os.path.join(FOLDER, "tree")
    os.makedirs(FOLDER, exist_ok=True)
    if not os.path.exists(tree):
        subprocess.run(["git", "clone", "-q", ROOT, tree], check=True)
    subprocess.run(["git", "fetch", "-q", "origin", commit], cwd=tree, check=True)
    subprocess.run(["git", "checkout", "-q", commit], cwd=tree, check=True)
    print(f"building the command of {revision} ({commit[:9]}); it is kept", flush=True)
    subprocess.run(["swift", "build", "-c", "release", "--product", "fragua"], cwd=tree, check=True)
    built = os.path.join(tree, ".build", "release", "fragua")
    subprocess.run(["cp", built, kept + ".new"], check=True)
    os.replace(kept + ".new", kept)
    return kept


def texts():
    """The name and the text of each graph: the files of graphs/, and what goes into the golden cases."""
    for path in sorted(glob.glob(os.path.join(ROOT, "graphs", "**", "*.graph"), recursive=True)):
        yield os.path.relpath(path, ROOT), open(path).read()
    for path in sorted(glob.glob(os.path.join(ROOT, "Tests", "FileTests", "cases", "*", "*.graph"))):
        yield os.path.relpath(path, ROOT), open(path).read().split("// ==== expected")[0]


class Program:
    """One function for one instruction set."""

    def __init__(self, name, path, entry, cpu, threads):
        self.name = f"{name} @{entry} {cpu}"
        self.options = [path, "--function", entry, "--cpu", cpu, "--threads", str(threads)]

    def printed(self, command, stage):
        """What a command prints, symbols bound as it asks for them; `None` and the error where it refuses."""
        bindings = []
        while True:
            outcome = subprocess.run(
                [command, "print", *self.options, "--stage", stage, *bindings], capture_output=True, text=True)
            missing = re.search(r"the symbol '(\w+)' of '@[\w.]+' is not bound", outcome.stderr)
            if outcome.returncode == 0 or not missing or len(bindings) > 16:
                break
            bindings += ["--bind", f"{missing[1]}={BATCH}"]
        return (outcome.stdout, "") if outcome.returncode == 0 else (None, outcome.stderr)

    def differences(self, before, now, show):
        """What differs, in words, with the first lines of it; `None` where both commands refuse."""
        (old, old_error), (new, new_error) = self.printed(before, "plan"), self.printed(now, "plan")
        if old is None or new is None:
            if old is None and new is None:
                return None
            return [("refusal", "only " + ("now: " + new_error if new is None else "before: " + old_error).strip())]
        found = []
        old_parts, new_parts = parts(old), parts(new)
        for name in list(old_parts) + [name for name in new_parts if name not in old_parts]:
            a, b = old_parts.get(name, ""), new_parts.get(name, "")
            if a != b:
                found.append((name.split()[0], excerpt(name, a, b, show)))
        old, new = self.printed(before, "asm")[0] or "", self.printed(now, "asm")[0] or ""
        a, b = functions(old), functions(new)
        gone, come = [x for x in a if x not in b], [x for x in b if x not in a]
        if gone or come:
            counts = f"code: {len(gone)} functions of {len(a)} before, {len(come)} of {len(b)} now"
            found.append(("code", counts + excerpt("", "".join(gone), "".join(come), show)))
        return found


def parts(text):
    """The parts of a dump by name: each kernel, the schedule, the plan, and the rest."""
    result, name = {}, "program"
    for line in text.splitlines(keepends=True):
        begin = re.match(r"(kernel @[\w.]+|schedule|plan)\b", line)
        if begin:
            name = begin[1]
        elif line.startswith(("call ", "buffer ", "constant ", "arguments", "results")):
            name = "program"
        result[name] = result.get(name, "") + line
    return result


def functions(text):
    """The functions of an assembly, sorted, without the numbers that only count them."""
    found, lines = [], None
    for line in text.splitlines():
        if re.match(r"[A-Za-z_][\w.]*:", line):
            lines = []
            found.append(lines)
        elif lines is None:
            continue
        elif line.startswith(".LBB") or not re.match(r"\s*(\.|#)", line):
            line = re.sub(r"\.L(BB|CPI)\d+_", r".L\1_", line.split("#")[0].rstrip())
            lines.append(re.sub(r"fragua_kernel_\d+", "fragua_kernel", line))
    return sorted("\n".join(lines) + "\n" for lines in found if lines)


def excerpt(name, a, b, show):
    """The first `show` lines that differ, under `name`."""
    lines = [
        line for line in difflib.unified_diff(a.splitlines(), b.splitlines(), lineterm="", n=0)
        if not line.startswith(("---", "+++", "@@"))]
    more = [f"    … {len(lines) - show} lines more"] if len(lines) > show else []
    shown = [line if len(line) <= 160 else line[:159] + "…" for line in lines[:show]]
    return name + "".join("\n    " + line for line in shown) + "".join("\n" + line for line in more)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("revision")
    parser.add_argument("--only", default="", help="only programs whose name holds this")
    parser.add_argument("--cpu", action="append", help="only these instruction sets")
    parser.add_argument("--threads", type=int, default=2, help="for how many threads schedules are made")
    parser.add_argument("--show", type=int, default=6, help="how many lines of a difference are shown")
    options = parser.parse_args()
    if not os.path.exists(NOW):
        sys.exit(f"'{NOW}' is not built; 'make build' builds it")
    before = command_of(options.revision)
    with tempfile.TemporaryDirectory(prefix="fragua-kernels-") as folder:
        programs = []
        for number, (name, text) in enumerate(texts()):
            path = os.path.join(folder, f"{number}.graph")
            with open(path, "w") as file:
                file.write(text)
            for entry in re.findall(r"^(?:func|gradient|train) @([\w.]+)", text, re.MULTILINE):
                for cpu in options.cpu or ["avx512", "avx2", "scalar", "neon"]:
                    program = Program(name, path, entry, cpu, options.threads)
                    if options.only in program.name:
                        programs.append(program)
        totals = {"as before": 0, "different": 0, "refused by both": 0}
        kinds = {}
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = pool.map(lambda program: program.differences(before, NOW, options.show), programs)
            for program, found in zip(programs, results):
                totals["refused by both" if found is None else "different" if found else "as before"] += 1
                if found:
                    print(program.name, flush=True)
                for kind, text in found or []:
                    kinds[kind] = kinds.get(kind, 0) + 1
                    print("  " + text, flush=True)
    print(f"{len(programs)} programs: " + ", ".join(f"{count} {name}" for name, count in totals.items()))
    if kinds:
        print("differences: " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))
    return 1 if totals["different"] else 0


if __name__ == "__main__":
    sys.exit(main())
