"""Taking samples, here and inside Pyodide. run.py reads what this prints and makes the table.

    BENCH {"case": …, "unit": …, "samples": {subject: [value, …], …}}     samples at one index were taken one after another
    BENCH {"case": …, "missing": subject, "why": …}
"""

import json
import random
import time

MARK = "BENCH "


def put(case, unit, samples):
    print(MARK + json.dumps({"case": case, "unit": unit, "samples": samples}), flush=True)


def missing(case, subject, why):
    print(MARK + json.dumps({"case": case, "missing": subject, "why": str(why)[:600]}), flush=True)


def interleave(case, unit, subjects, rounds, scale=1.0):
    """Runs {name: function -> seconds} in turns, each in another order, so that nobody always follows the same one.
    `scale` turns seconds into the unit: a factor, or a function."""
    convert = scale if callable(scale) else lambda seconds: seconds * scale
    order = random.Random(case)  # the same orders in every run
    samples = {name: [] for name in subjects}
    for turn in range(-1, rounds):  # the first turn warms up
        for name in order.sample(list(samples), len(samples)):
            try:
                seconds = subjects[name]()
            except Exception as error:  # a peer that cannot do it
                missing(case, name, f"{type(error).__name__}: {error}")
                del samples[name]
                continue
            if turn >= 0:
                samples[name].append(convert(seconds))
    put(case, unit, samples)


def timed(work, clock=time.perf_counter):
    start = clock()
    work()
    return clock() - start
