#!/usr/bin/env python3
"""Write data/philox.json: known answers of Philox4x32-10.

The published three are from Random123's kat_vectors (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy
as 1, 2, 3", 2011). The generator below must give them, and then gives 16 more. Where TensorFlow is
installed, its own Philox must agree with all of them.

    {"vectors": [{"counter": [c0, c1, c2, c3], "key": [k0, k1], "output": [r0, r1, r2, r3], "published": true}, ...]}

All numbers are unsigned 32-bit integers, least significant word of a counter or key first.

    python3 philox.py
"""
import json
import os

MASK = 0xFFFFFFFF


def words(text):
    return [int(word, 16) for word in text.split()]


# counter, key, output
PUBLISHED = [tuple(map(words, v)) for v in (
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
)]

MORE = [([i, 0, 0, 0], [42, 0]) for i in range(4)]                        # a stream's first 16 numbers
MORE += [([MASK, 0, 0, 0], [42, 0]), ([0, 1, 0, 0], [42, 0])]             # where the lowest word carries
MORE += [([0, 0, 1, 0], [42, 0]), ([0, 0, 0, 1], [42, 0])]                # each other word of the counter matters
MORE += [([0, 0, 0, 0], [0, 1]), ([0, 0, 0, 0], [1, 0])]                  # each word of the key matters
MORE += [([1 << 31] * 4, [1 << 31] * 2), ([MASK] * 4, [0, 0]), ([0] * 4, [MASK] * 2)]
MORE += [([1, 2, 3, 4], [5, 6]), ([1000000007, 0, 7, 3], [2718281828, 3141592653]), ([250000, 0, 12, 1], [0xDEADBEEF, 0x12345678])]


def philox(counter, key):
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        a, b = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (b >> 32) ^ c1 ^ k0, b & MASK, (a >> 32) ^ c3 ^ k1, a & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return [c0, c1, c2, c3]


def joined(low, high):
    return low | high << 32


def tensorflow_philox(counter, key):
    import tensorflow as tf
    made = tf.raw_ops.StatelessRandomUniformFullIntV2(
        shape=[4], dtype=tf.uint32, alg=1, key=tf.constant([joined(*key)], tf.uint64),
        counter=tf.constant([joined(*counter[:2]), joined(*counter[2:])], tf.uint64))
    return made.numpy().tolist()


def main():
    for counter, key, output in PUBLISHED:
        assert philox(counter, key) == output, (counter, key)
    vectors = [(c, k, o, True) for c, k, o in PUBLISHED] + [(c, k, philox(c, k), False) for c, k in MORE]
    assert len(MORE) == 16 and len({tuple(v[2]) for v in vectors}) == len(vectors)
    try:
        agree = sum(tensorflow_philox(c, k) == o for c, k, o, _ in vectors)
        print(f"TensorFlow agrees with {agree} of {len(vectors)}")
        assert agree == len(vectors)
    except ImportError:
        print("TensorFlow is not installed")
    lines = [json.dumps(dict(counter=c, key=k, output=o, published=p)) for c, k, o, p in vectors]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "philox.json")
    with open(path, "w") as file:
        file.write('{"vectors": [\n  ' + ",\n  ".join(lines) + "\n]}\n")


if __name__ == "__main__":
    main()
