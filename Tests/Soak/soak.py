#!/usr/bin/env python3
"""Runs the random tests and the faults without end, and says what came of it: see docs/reliability.md.

Seeds go on where the last run stopped: the state file holds them with all totals. Ctrl-C ends the
tests at hand, which count as not begun, and waits for the fault at hand.

  python3 Tests/Soak/soak.py [--rounds N] [--minutes M] [--only WORD] [--scale F] [--jobs N] [--report]
"""
import argparse
import concurrent.futures
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, ".build", "soak")
STATE = os.path.join(FOLDER, "state.json")
TESTS = os.path.join(ROOT, ".build", "release", "fraguaPackageTests.xctest")
FRAGUA = os.environ.get("FRAGUA_EXECUTABLE", os.path.join(ROOT, ".build", "release", "fragua"))
SANITIZED = {name: os.path.join(ROOT, ".build", name, "release", "fragua") for name in ["address", "thread"]}
STUDENTS = [
    "--data", f"x={ROOT}/graphs/data/students.csv:classes,hours", "--data", f"y={ROOT}/graphs/data/students.csv:passed"]

# Phases of the test suite: the name, the filter, the variable that counts, how many at a time, the build of the
# command. Each runs its own seeds.
SUITES = [
    ("random graphs", "RandomGraphTests/stagesAgree", "FRAGUA_RANDOM_GRAPHS", 8000, None),
    ("random graphs with reshapes", "RandomGraphTests/rearrangedStagesAgree", "FRAGUA_REARRANGED_GRAPHS", 4000, None),
    ("random nets", "RandomNetTests/stagesAgree", "FRAGUA_RANDOM_NETS", 100, None),
    ("rows of random nets", "RowIndependenceTests/rowsOfRandomNetsAreIndependent", "FRAGUA_RANDOM_ROWS", 100, None),
    ("random kernels", "CompiledKernelTests/randomKernels", "FRAGUA_RANDOM_KERNELS", 2000, None),
    ("leaks", "LeakTests", "FRAGUA_LEAKS", 30, None),
    ("mutated kernel dumps", "MutatedDumpTests/kernelsAreRefusedOrRun", "FRAGUA_MUTATIONS", 5000, None),
    ("mutated graphs and dumps", "MutatedDumpTests/graphsAreRefusedOrRun", "FRAGUA_MUTATIONS", 5000, None),
    ("mutated files, command", "MutatedFilesTests", "FRAGUA_COMMAND_MUTATIONS", 200, None),
    ("mutated files, address sanitizer", "MutatedFilesTests", "FRAGUA_COMMAND_MUTATIONS", 20, "address"),
    ("mutated files, thread sanitizer", "MutatedFilesTests", "FRAGUA_COMMAND_MUTATIONS", 20, "thread"),
]


class State:
    """What the state file holds: for each phase the next seed, how many cases ran, and what was found so far."""

    def __init__(self):
        os.makedirs(FOLDER, exist_ok=True)
        self.phases = json.load(open(STATE)) if os.path.exists(STATE) else {}
        self.taken = {name: phase["next"] for name, phase in self.phases.items()}
        self.lock = threading.Lock()

    def take(self, name, count):
        """The first of `count` seeds that nobody else runs."""
        with self.lock:
            first = self.taken.get(name, 0)
            self.taken[name] = first + count
            return first

    def add(self, name, end, cases, seconds, failures, **more):
        """Notes that `cases` more of a phase ran, the last one before seed `end`; writes the file whole or not at all."""
        with self.lock:
            phase = self.phases.setdefault(name, {"next": 0, "cases": 0, "seconds": 0.0, "failures": []})
            phase["next"] = max(phase["next"], end)
            phase["cases"] += cases
            phase["seconds"] = round(phase["seconds"] + seconds, 1)
            phase["failures"] += failures
            for key, value in more.items():
                phase[key] = phase.get(key, 0) + value
            with open(STATE + ".new", "w") as file:
                json.dump(self.phases, file, indent=1)
            os.replace(STATE + ".new", STATE)

    def report(self):
        width = max([len(name) for name in self.phases] + [5])
        print(f"{'phase':{width}}  {'cases':>9}  {'hours':>7}  {'failures':>8}  of these")
        for name, phase in self.phases.items():
            more = ", ".join(
                f"{value} {key.replace('_', ' ')}" for key, value in phase.items()
                if key not in ("next", "cases", "seconds", "failures"))
            hours = phase["seconds"] / 3600
            print(f"{name:{width}}  {phase['cases']:9}  {hours:7.2f}  {len(phase['failures']):8}  {more}")
        for name, phase in self.phases.items():
            for failure in phase["failures"]:
                print(f"{name}: {failure}")


# The test suite


def sanitizer_problem(build):
    """Why a build of the command would find nothing; `None` where its sanitizer runs."""
    if not os.path.exists(SANITIZED[build]):
        return f"'{SANITIZED[build]}' is not built; 'make sanitized' builds it"
    environment = dict(os.environ, ASAN_OPTIONS="verbosity=1", TSAN_OPTIONS="verbosity=1")
    outcome = subprocess.run([SANITIZED[build], "--version"], env=environment, capture_output=True, text=True)
    if f"{build.capitalize()}Sanitizer" not in outcome.stderr:
        return f"'{SANITIZED[build]}' has no {build} sanitizer in it"
    return None


def run_suite(state, name, filter_, variable, count, build):
    """Runs `count` more seeds of a test. A trap or a hang costs the rest of them, and is noted with its input."""
    first = state.take(name, count)
    last_case = os.path.join(FOLDER, f"last-case-{threading.get_ident()}")
    environment = dict(os.environ, FRAGUA_RANDOM_SEED=str(first), FRAGUA_LAST_CASE=last_case)
    environment[variable] = str(count)
    if build:
        environment["FRAGUA_EXECUTABLE"] = SANITIZED[build]
        # What a sanitizer finds ends the command with a status that no command has.
        environment["ASAN_OPTIONS"] = "exitcode=99:detect_leaks=0:handle_segv=0:allocator_may_return_null=1"
        environment["TSAN_OPTIONS"] = "exitcode=99:halt_on_error=1"
    begin = time.monotonic()
    command = [TESTS, "--testing-library", "swift-testing", "--filter", filter_]
    try:
        outcome = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, errors="replace", timeout=7200)
        status, text = outcome.returncode, outcome.stdout + outcome.stderr
    except subprocess.TimeoutExpired as error:
        status, text = "hang", (error.stdout or b"").decode(errors="replace")
    if status == -signal.SIGINT:
        return
    seconds = time.monotonic() - begin
    more = {}
    for number, key in re.findall(r"(\d+) (refused|accepted|ran|runs of the command)\b", text):
        more[key] = more.get(key, 0) + int(number)
    failures = []
    if status != 0:
        # The first words of each issue, and where the input of a trap lies.
        text = re.sub(r"\x1b\[[0-9;]*m", "", text)
        issues = re.findall(r"recorded an issue.*(?:\n↳.*)*", text) or [text[-600:]]
        failures = [f"seeds {first} to {first + count - 1}: {issue[:600]}" for issue in issues[:5]]
        if "recorded an issue" not in text:
            kept = os.path.join(FOLDER, f"case-{name.replace(' ', '-')}-{first}")
            if os.path.exists(last_case):
                shutil.copy(last_case, kept)
            failures.append(f"a trap or a hang; the input is {kept}")
    if os.path.exists(last_case):
        os.remove(last_case)
    state.add(name, first + count, count, seconds, failures, **more)
    print(f"{name}: seeds {first} to {first + count - 1}, {seconds:.0f} s, {len(failures)} failures", flush=True)


# Faults


class Trial:
    """A folder in which the command trains, and what must be true of it afterwards."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="fragua-soak-")
        self.out = os.path.join(self.folder, "out")
        self.parameters = os.path.join(self.out, "parameters.safetensors")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def train(self, *options, **more):
        """Starts a training that saves."""
        environment = dict(os.environ, XDG_CACHE_HOME=os.path.join(self.folder, "cache"), **more.pop("env", {}))
        command = [FRAGUA, "train", f"{ROOT}/graphs/student.graph", "--out", self.out, "--threads", "1", *STUDENTS]
        return subprocess.Popen(
            command + list(options), cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=more.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE, start_new_session=True, **more)

    def finish(self, process, seconds=120):
        """The status and what the command said; a hang is a status of its own."""
        try:
            output, error = process.communicate(timeout=seconds)
            return process.returncode, (output or b"").decode(errors="replace"), error.decode(errors="replace")
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return "hang", "", ""

    def files(self):
        """All files of parameters that there are: of the folder, and what was rescued beside it."""
        found = []
        for folder, _, names in os.walk(self.folder):
            found += [os.path.join(folder, name) for name in names if name.endswith(".safetensors")]
        return found

    def problems(self, must_exist):
        """What is wrong with what lies there now."""
        wrong = []
        if must_exist and not self.files():
            wrong.append("no parameters are left")
        for path in self.files():
            command = [FRAGUA, "run", f"{ROOT}/graphs/student.graph", "--params", path, "--data", "x=[[4, 5]]"]
            environment = dict(os.environ, XDG_CACHE_HOME=os.path.join(FOLDER, "cache"))
            outcome = subprocess.run(command, env=environment, capture_output=True, text=True)
            if outcome.returncode != 0:
                wrong.append(f"{os.path.basename(path)} cannot be read: {outcome.stderr[:200]}")
        return wrong


def status_problem(status, error):
    """What is wrong with how a command ended that met a fault; `None` where nothing is."""
    if status == "hang" or status not in (0, 1):
        return f"ends with {status}: {error[:200]}"
    return "says nothing" if status == 1 and "error" not in error else None


def failing_calls(state, count):
    """Makes each call of a training that changes files fail in turn, once alone and once with all after it."""
    name = "failing calls"
    shim = os.path.join(FOLDER, "failing_calls.so")
    source = os.path.join(ROOT, "Tests", "Soak", "failing_calls.c")
    if not os.path.exists(shim) or os.path.getmtime(shim) < os.path.getmtime(source):
        subprocess.run(["clang", "-shared", "-fPIC", "-O1", "-o", shim, source, "-ldl"], check=True)
    begin, failures, cases = time.monotonic(), [], 0
    errors = {"ENOSPC": 28, "EIO": 5, "EDQUOT": 122}
    for stays in [False, True]:
        at = 1
        while True:
            label, number = list(errors.items())[at % len(errors)]
            with Trial() as trial:
                # What was there before must outlive the fault.
                trial.finish(trial.train("--epochs", "1"))
                counted = os.path.join(trial.folder, "count")
                environment = {
                    "LD_PRELOAD": shim, "FRAGUA_FAIL_AT": str(at), "FRAGUA_FAIL_ERRNO": str(number),
                    "FRAGUA_FAIL_COUNT": counted}
                if stays:
                    environment["FRAGUA_FAIL_ON"] = "1"
                status, _, error = trial.finish(trial.train("--epochs", "2", env=environment))
                what = f"call {at}{' and all after it' if stays else ''} fails with {label}"
                wrong = [status_problem(status, error)] + trial.problems(must_exist=True)
                failures += [f"{what}: {one}" for one in wrong if one]
                cases += 1
                total = int(open(counted).read()) if os.path.exists(counted) else at + 1
            if at > total or at > 400:
                break
            at += 1
    # Standard output that cannot be written to.
    for arguments in [["ops"], ["passes"], ["check", "graphs/student.graph"], ["print", "graphs/student.graph"]]:
        with open("/dev/full", "w") as full:
            outcome = subprocess.run([FRAGUA, *arguments], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True)
        cases += 1
        if outcome.returncode != 1:
            failures.append(f"'{' '.join(arguments)}' > /dev/full ends with {outcome.returncode}")
    state.add(name, 0, cases, time.monotonic() - begin, failures)
    print(f"{name}: {cases} calls, {len(failures)} failures", flush=True)


def full_disk(state, count):
    """Trains with room for so many bytes in any file, more each time."""
    name = "full disk"
    begin, failures, cases = time.monotonic(), [], 0
    for limit in [0, 1, 100, 512, 1000, 1500, 2000, 3000, 5000, 20000]:
        with Trial() as trial:
            def limited(limit=limit):
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

            trial.finish(trial.train("--epochs", "1"))
            status, _, error = trial.finish(trial.train("--epochs", "2", "--no-cache", preexec_fn=limited))
            wrong = [status_problem(status, error)] + trial.problems(must_exist=True)
            failures += [f"{limit} bytes a file: {one}" for one in wrong if one]
            cases += 1
    state.add(name, 0, cases, time.monotonic() - begin, failures)
    print(f"{name}: {cases} limits, {len(failures)} failures", flush=True)


def kills(state, count):
    """Ends trainings by a signal at a random moment: whatever lies in the folder can be read."""
    name = "kills"
    first = state.take(name, count)
    begin, failures, saved = time.monotonic(), [], 0
    for seed in range(first, first + count):
        source = random.Random(seed)
        number = source.choice([signal.SIGKILL] * 3 + [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
        with Trial() as trial:
            had = source.random() < 0.5
            if had:
                trial.finish(trial.train("--epochs", "1"))
            # Whoever started this with nohup ignores SIGHUP, and so would the command.
            process = trial.train(
                "--epochs", source.choice(["1", "20", "100000"]),
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
            time.sleep(source.expovariate(4))
            process.send_signal(number)
            status, _, error = trial.finish(process)
            wrong = trial.problems(must_exist=had)
            if status == "hang" or status not in (0, 1, 128 + number, -number):
                wrong.append(f"ends with {status}: {error[:200]}")
            failures += [f"seed {seed}, {number.name}: {one}" for one in wrong]
            saved += bool(trial.files())
    state.add(name, first + count, count, time.monotonic() - begin, failures, left_parameters=saved)
    print(f"{name}: seeds {first} to {first + count - 1}, {len(failures)} failures", flush=True)


# Phases of faults: the name, the function, how many at a time; 0 is all that there are, in the first round only.
FAULTS = [("kills", kills, 20), ("failing calls", failing_calls, 0), ("full disk", full_disk, 0)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=0, help="how often each phase runs; 0 is without end")
    parser.add_argument("--minutes", type=float, default=0, help="start nothing after so long; 0 is without end")
    parser.add_argument("--only", default="", help="only phases whose name holds this")
    parser.add_argument("--scale", type=float, default=1, help="so many times the cases of a phase at a time")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many phases run at once")
    parser.add_argument("--report", action="store_true", help="print what was found so far, run nothing")
    options = parser.parse_args()
    state = State()
    if options.report:
        return state.report()
    begin, rounds = time.monotonic(), 0

    def is_over():
        return options.minutes and time.monotonic() - begin > 60 * options.minutes

    def scaled(count):
        return max(1, int(count * options.scale))

    def round_of_tasks():
        for name, filter_, variable, count, build in SUITES:
            if options.only not in name:
                continue
            problem = build and sanitizer_problem(build)
            if problem:
                print(f"{name}: {problem}", flush=True)
                continue
            yield lambda phase=(name, filter_, variable, scaled(count), build): run_suite(state, *phase)
        for name, phase, count in FAULTS:
            if options.only in name and (count or rounds == 0):
                yield lambda phase=phase, count=count: phase(state, scaled(count))

    # A round does not wait for the slowest phase of the one before.
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = set()
        try:
            while (not options.rounds or rounds < options.rounds) and not is_over():
                for task in round_of_tasks():
                    if len(running) >= options.jobs:
                        done, running = concurrent.futures.wait(
                            running, return_when=concurrent.futures.FIRST_COMPLETED)
                        for one in done:
                            one.result()
                    if is_over():
                        break
                    running.add(pool.submit(task))
                rounds += 1
            for one in running:
                one.result()
        except KeyboardInterrupt:
            # The tests at hand were ended by the same key.
            print()
    state.report()
    return 1 if any(phase["failures"] for phase in state.phases.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
