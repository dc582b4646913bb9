"""Is a probability of 90 % right nine times in ten? And are 90 % intervals?

Sets what `melbot judge` says about each comparison against the truth. Left out are comparisons beside
a change (one kernel off is no error), within a drift, and at changes of the noise or below 1 %.

    calibration.py MELBOT KIT...
"""

import sys

from board import Judged, print_row
from kit import Kit
from score import near

LIMITS = [0.0, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 1.0001]


def judged_against_truth(judged):
    """Each row that counts with the true change in percent, 0 where there is none."""
    kit = judged.kit
    for row in judged.rows:
        kernel = kit.kernels[row["suite"], row["kernel"]]
        events = kit.events.get((row["suite"], row["series"]), [])
        here = [event for event in events if near(event, kernel)]
        if not here:
            yield row, 0.0
        elif len(here) == 1 and here[0].scored and here[0].kind != "drift":
            if here[0].kernel == row["kernel"]:
                yield row, here[0].effect_pct


def main():
    melbot, *folders = sys.argv[1:]
    everything = [
        pair for folder in folders for pair in judged_against_truth(Judged(melbot, Kit(folder)))
    ]
    print_row(["claimed probability", "comparisons", "mean claim", "true"])
    print_row(["---"] + ["--:"] * 3)
    for low, high in zip(LIMITS, LIMITS[1:]):
        rows = [(r, truth) for r, truth in everything if low <= float(r["p"]) < high]
        if rows:
            # Probabilities are of a change in the direction of the effect.
            right = sum(truth * float(r["effect_pct"]) > 0 for r, truth in rows)
            claim = sum(float(r["p"]) for r, _ in rows) / len(rows)
            name = f"{low:g} to {min(high, 1):g}"
            print_row([name, str(len(rows)), f"{claim:.3f}", f"{right / len(rows):.3f}"])
    print()
    changed = [(r, t) for r, t in everything if r["verdict"] in ("regressed", "improved")]
    for name, rows in (
        ("all", everything),
        ("called regressed or improved", changed),
        ("called no change", [(r, t) for r, t in everything if r["verdict"] == "no change"]),
    ):
        inside = sum(float(r["low_pct"]) <= t <= float(r["high_pct"]) for r, t in rows)
        print(f"90 % intervals that hold the truth, {name}: {inside}/{len(rows)}", end=" ")
        print(f"= {100 * inside / max(len(rows), 1):.1f} %")
    missed = sum(r["verdict"] == "no change" and abs(t) >= 3 for r, t in everything)
    print(f"called no change with a true change of 3 % or more: {missed}")


if __name__ == "__main__":
    main()
