"""How many of the changes in a kit were found, and how many claims are false.

A claim names a series, the first kernel with the new level, and a direction. It finds an event if
both agree in series, track and direction, and the claim lies within one kernel of the event (of any
kernel of a slow drift). An event takes one claim, the nearest; a drift takes any number, which count
once. What is left over is a false alert, unless it lies within one kernel of an event that is not
scored (a change of the noise, or of less than 1 %). A wrong sign and a claim made twice are false.

    score.py KIT CLAIMS.csv      CLAIMS.csv: suite,series,kernel,direction
"""

import csv
import sys
from collections import Counter, defaultdict
from typing import NamedTuple

from kit import Kit

TOLERANCE = 1


class Claim(NamedTuple):
    suite: str
    series: str
    kernel: str
    direction: str  # regression or improvement; anything else is no claim


def score(kit, claims):
    """Counts by suite."""
    by_series = defaultdict(list)
    for claim in claims:
        if claim.direction in ("regression", "improvement"):
            if (claim.suite, claim.kernel) in kit.kernels:
                by_series[claim.suite, claim.series].append(claim)
    counts = defaultdict(Counter)
    for series in kit.series:
        key = series.suite, series.name
        counts[series.suite].update(score_series(kit, series, by_series[key]))
    return counts


def score_series(kit, series, claims):
    events = kit.events.get((series.suite, series.name), [])
    scored = [event for event in events if event.scored]
    places = [kit.kernels[series.suite, claim.kernel] for claim in claims]
    found, used = match(scored, claims, places)
    ignored = [event for event in events if not event.scored]
    false = sum(
        not any(near(event, place) for event in ignored)
        for at, place in enumerate(places)
        if at not in used
    )
    kernels = [kit.kernels[series.suite, kernel] for kernel in series.boots]
    unchanged = sum(
        bool(kernel.parent) and not any(near(event, kernel) for event in events)
        for kernel in kernels
    )
    return Counter(
        found=len(found),
        exact=sum(away == 0 for away in found.values()),
        missed=len(scored) - len(found),
        false=false,
        unchanged=unchanged,
    )


def match(events, claims, places):
    """How far off the claim of each event that was found is, and all claims that found one."""
    candidates = sorted(
        (distance(event, place), e, c)
        for e, event in enumerate(events)
        for c, (claim, place) in enumerate(zip(claims, places))
        if claim.direction == event.direction and near(event, place)
    )
    found, used = {}, set()
    for away, e, c in candidates:
        if c in used:
            continue
        if e not in found:
            found[e] = away
            used.add(c)
        elif events[e].kind == "drift":
            used.add(c)
    return found, used


def near(event, place):
    return place.track == event.track and distance(event, place) <= TOLERANCE


def distance(event, place):
    return max(event.first - place.pos, place.pos - event.last, 0)


class Scores(NamedTuple):
    f1: float
    precision: float
    recall: float
    false_per_1000: float  # false alerts per 1,000 comparisons in which nothing changed
    exact_pct: float  # of those found, with the right kernel


def scores(counts):
    found, false, missed = counts["found"], counts["false"], counts["missed"]
    precision = found / (found + false) if found + false else 1.0
    recall = found / (found + missed) if found + missed else 0.0
    return Scores(
        2 * found / (2 * found + false + missed) if found else 0.0,
        precision,
        recall,
        1000 * false / counts["unchanged"] if counts["unchanged"] else 0.0,
        100 * counts["exact"] / found if found else 0.0,
    )


def total(counts):
    return sum(counts.values(), Counter())


def macro_f1(counts):
    """Mean over the suites."""
    return sum(scores(suite).f1 for suite in counts.values()) / len(counts)


def read_claims(file):
    return [
        Claim(row["suite"], row["series"], row["kernel"], row["direction"])
        for row in csv.DictReader(file)
    ]


def main():
    kit, claims = sys.argv[1:]
    with open(claims, newline="") as file:
        counts = score(Kit(kit), read_claims(file))
    everything = [*sorted(counts.items()), ("all", total(counts))]
    for name, suite in everything:
        s = scores(suite)
        print(
            f"{name:10} F1 {s.f1:.4f} precision {s.precision:.4f} recall {s.recall:.4f} "
            f"false/1000 {s.false_per_1000:.3f} exact {s.exact_pct:.1f}% "
            f"found {suite['found']} false {suite['false']} missed {suite['missed']}"
        )
    print(f"macro-F1 {macro_f1(counts):.4f}")


if __name__ == "__main__":
    main()
