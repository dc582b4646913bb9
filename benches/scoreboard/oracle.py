"""What could be found at best where there are but two kernels and no history?

An oracle that knows the true noise of every series (noise_truth.csv, which no tool has) sets the two
kernels of each series of the suite `pair` against each other and claims the largest differences in
deviations, down to a limit that is chosen in hindsight, which nobody could: so that it makes no false
alert, at most ten in 1,000, or as is best for F1. Bad boots and outlying samples are not in the
table of the true noise: they are what its false alerts come from.

    oracle.py KIT...
"""

import sys
from collections import Counter

import numpy as np

from kit import Kit, rows
from peers import change
from score import score, scores

SESSION = 0.001  # deviation from kernel to kernel that every machine has in these data
# Mean variance that the two kinds of samples or boots of these families add.
KINDS_OF_SAMPLES = {"bimodal": 0.00091}
KINDS_OF_BOOTS = {"bootmodal": 0.00059}
CORRELATED = 2.0  # samples of a boot are correlated: their mean varies by so much more


def differences(kit):
    """Each series of the suite with its log difference and the deviation of that."""
    noise = {
        (row["suite"], row["series"]): row for row in rows(kit.truth_folder, "noise_truth.csv")
    }
    for series, parent, kernel in kit.pairs():
        if series.suite == "pair":
            true = noise[series.suite, series.name]
            within = CORRELATED * float(true["sd_within"]) ** 2
            within += KINDS_OF_SAMPLES.get(true["family"], 0.0)
            boot = float(true["sd_boot"]) ** 2 + KINDS_OF_BOOTS.get(true["family"], 0.0)
            kernel_alone = float(true["sd_build"]) ** 2 + SESSION**2
            sides = [series.boots[k] for k in (parent, kernel)]
            before, after = (np.median([np.median(np.log(b)) for b in side]) for side in sides)
            variance = sum(
                kernel_alone + boot / len(side) + within / sum(map(len, side)) for side in sides
            )
            yield series, kernel, after - before, np.sqrt(variance)


def at_limit(kit_differences, limit):
    counts = Counter()
    for kit, tests in kit_differences:
        claims = [
            change(series, kernel, difference)
            for series, kernel, difference, deviation in tests
            if abs(difference) > limit * deviation
        ]
        counts.update(score(kit, claims)["pair"])
    return counts


def main():
    kits = [Kit(folder) for folder in sys.argv[1:]]
    kit_differences = [(kit, list(differences(kit))) for kit in kits]
    events = [
        (event, series.name)
        for kit in kits
        for series in kit.series
        if series.suite == "pair"
        for event in kit.events.get((series.suite, series.name), [])
        if event.scored
    ]
    groups = {name.rsplit("/", 1)[0] for _, name in events}
    ratios = sorted(event.snr for event, _ in events)
    print(f"{len(events)} events in {len(groups)} groups; size in deviations of one kernel:")
    print(" ".join(f"{ratio:.1f}" for ratio in ratios))
    at = [at_limit(kit_differences, limit) for limit in np.geomspace(1.5, 1000, 300)]
    for name, budget in (("no false alert", 0.0), ("at most 10 in 1,000", 10.0), ("any", np.inf)):
        within_budget = [counts for counts in at if scores(counts).false_per_1000 <= budget]
        counts = max(within_budget, key=lambda counts: scores(counts).f1)
        s = scores(counts)
        print(
            f"oracle, {name}: F1 {s.f1:.3f}, found {counts['found']}, "
            f"false {counts['false']} ({s.false_per_1000:.1f} per 1,000), missed {counts['missed']}"
        )


if __name__ == "__main__":
    main()
