"""How every figure is taken: the same work several times in one process, medians and ratios, never a timed assertion.

Machines are noisy: floor, ours and peer take turns inside one run, and what is quoted is the ratio of their medians.
"""

import gc
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Median and spread (interquartile range) of one piece of work, in seconds."""

    name: str
    median: float
    spread: float


def take_turns(work: Mapping[str, Callable[[], object]], rounds: int) -> list[Timing]:
    """Run each piece of work once per round, in turn, after one round that is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in work}
    for number in range(rounds + 1):
        for name, run in work.items():
            gc.collect()
            began = time.perf_counter()
            run()
            if number:
                taken[name].append(time.perf_counter() - began)
    return [Timing(name, statistics.median(times), _spread(times)) for name, times in taken.items()]


def fitted_exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """Slope of log time over log size (least squares): 1 is linear."""
    xs, ys = [math.log(size) for size in sizes], [math.log(one) for one in seconds]
    mean_x, mean_y = statistics.fmean(xs), statistics.fmean(ys)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / sum((x - mean_x) ** 2 for x in xs)


def whole_process(arguments: Sequence[str]) -> tuple[float, float]:
    """Wall seconds and peak memory (MB) of one run of `python -m …` in a process of its own."""
    code = (
        "import resource, runpy, sys, os\n"
        "sys.argv = sys.argv[1:]\n"
        "sys.stdout = open(os.devnull, 'w')\n"
        "try: runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)\n"
        "except SystemExit: pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, file=sys.stderr)\n"
    )
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)  # noqa: S603 (our own program)
    return time.perf_counter() - began, float(done.stderr.split()[-1])


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, so that the figures can go into the docs as they are printed."""
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def in_ms(seconds: float) -> str:
    """Milliseconds with one decimal."""
    return f"{seconds * 1000:.1f}"


def _spread(times: Sequence[float]) -> float:
    if len(times) < 4:
        return max(times) - min(times)
    quarters = statistics.quantiles(times, n=4)
    return quarters[2] - quarters[0]
