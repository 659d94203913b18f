#!/usr/bin/env python3
"""Write students.csv and students-test.csv: who passes, from classes attended and hours studied.

The data are made up, so the best possible accuracy is known exactly.

    classes  uniform over 0, 1, ..., 10
    hours    uniform over 0.0, 0.1, ..., 12.0
    passed   1 with probability sigmoid(0.9 classes + 0.8 hours - 8), otherwise 0

A student with 4 classes and 5 hours passes with probability 0.4013; 61.23 % of all students pass.
The best classifier predicts "passed" exactly where 0.9 classes + 0.8 hours > 8. Its accuracy, the sum over the
11 * 121 equally likely students of max(p, 1 - p), divided by 1331, is the Bayes accuracy: 0.8824.

    python3 make_students.py

Only Python's standard library is used. Every draw is one call of random(), whose sequence for a given integer
seed Python keeps from version to version, so the files come out the same everywhere.
"""
import math
import os
import random

CLASSES, HOURS, BIAS = 0.9, 0.8, -8.0
SETS = (("students.csv", 2000, 1), ("students-test.csv", 1000, 2))  # file, rows, seed


def probability(classes, tenths):
    """The probability that a student passes; hours are given in tenths."""
    return 1 / (1 + math.exp(-(CLASSES * classes + HOURS * tenths / 10 + BIAS)))


def population():
    """The probability of passing of each of the equally likely students."""
    return [probability(c, t) for c in range(11) for t in range(121)]


def bayes_accuracy():
    """The accuracy of the best classifier, over all students and not over a sample."""
    every = population()
    return math.fsum(max(p, 1 - p) for p in every) / len(every)


def rows(count, seed):
    """Draw students: (classes, tenths of hours, passed)."""
    draw = random.Random(seed).random
    for _ in range(count):
        classes, tenths = int(draw() * 11), int(draw() * 121)
        yield classes, tenths, int(draw() < probability(classes, tenths))


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    every = population()
    print(f"Bayes accuracy      {bayes_accuracy():.6f}")
    print(f"pass rate           {math.fsum(every) / len(every):.6f}")
    print(f"4 classes, 5 hours  {probability(4, 50):.6f}")
    for name, count, seed in SETS:
        students = list(rows(count, seed))
        with open(os.path.join(folder, name), "w", newline="\n") as file:
            file.write("classes,hours,passed\n")
            file.writelines(f"{c},{t / 10:.1f},{y}\n" for c, t, y in students)
        best = sum((probability(c, t) > 0.5) == bool(y) for c, t, y in students) / count
        print(f"{name}: {count} rows, {sum(y for *_, y in students)} passed, best classifier {best:.4f}")


if __name__ == "__main__":
    main()
