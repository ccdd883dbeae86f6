"""Start-up and memory of whole processes, against a bare Python that does nothing (the floor of any Python program) on the same machine
in the same run."""

import statistics
import sys
from pathlib import Path

from benchmarks.measure import in_ms, table, whole_process

ROUNDS = 7
CHART = str(Path(__file__).resolve().parents[1] / "fixtures" / "patients" / "lorazepam-elder.json")
PLAN = ("plan", CHART, "--drug", "lorazepam", "--protocol", "asam-2025", "--start", "2026-01-05")


def main() -> None:
    """Print the table."""
    commands = {
        "floor: python -m this": ("this",),
        "fhir-taper --help": ("fhir_taper", "--help"),
        "fhir-taper regimen, one small chart": ("fhir_taper", "regimen", CHART, "--as-of", "2026-01-05"),
        "fhir-taper strategies, the same chart": ("fhir_taper", "strategies", CHART, "--drug", "lorazepam", "--start", "2026-01-05"),
        "fhir-taper plan --format json": ("fhir_taper", *PLAN, "--format", "json"),
        "fhir-taper plan --format fhir": ("fhir_taper", *PLAN, "--format", "fhir"),
        "fhir-taper plan --format pdf": ("fhir_taper", *PLAN, "--format", "pdf"),
    }
    measured = {name: [whole_process(arguments) for _ in range(ROUNDS)] for name, arguments in commands.items()}
    floor = statistics.median(seconds for seconds, _ in next(iter(measured.values())))
    rows = []
    for name, runs in measured.items():
        median = statistics.median(seconds for seconds, _ in runs)
        rows.append((name, in_ms(median), f"{median / floor:.1f}×", f"{max(memory for _, memory in runs):.0f}"))
    print(f"Whole processes, median of {ROUNDS}, Python {sys.version.split()[0]}:\n")
    print(table(("command", "ms", "of the floor", "peak MB"), rows))


if __name__ == "__main__":
    main()
