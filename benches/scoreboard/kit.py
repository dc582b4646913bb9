"""Series with known truth, as tests/data/README.md describes them."""

import csv
import gzip
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np


class Kernel(NamedTuple):
    track: str
    pos: int  # place in the track
    parent: str  # the kernel it was made from, empty for the first


class Event(NamedTuple):
    track: str
    first: int  # places in the track
    last: int
    direction: str  # regression or improvement
    kind: str  # step, transient, fix, drift or variance
    scored: bool  # False where finding it is neither right nor wrong
    kernel: str
    effect_pct: float
    snr: float  # size in deviations of one kernel's estimate; nan where unknown


class Series(NamedTuple):
    suite: str
    name: str
    machine: str
    benchmark: str
    lower_is_better: bool
    boots: dict  # samples of each boot by kernel, kernels in the order of kernels.csv


class Kit:
    """A folder with input/ and truth/, or with all files side by side."""

    def __init__(self, folder):
        folder = Path(folder)
        self.folder = folder
        self.input = folder / "input" if (folder / "input").is_dir() else folder
        self.truth_folder = folder / "truth" if (folder / "truth").is_dir() else folder
        self.kernels = {
            (row["suite"], row["kernel"]): Kernel(row["track"], int(row["pos"]), row["parent"])
            for row in rows(self.input, "kernels.csv")
        }
        self.series = self._series()
        self.events = self._events()

    def parent(self, series, kernel):
        """The nearest measured kernel that this one was made from, or an empty string."""
        parent = self.kernels[series.suite, kernel].parent
        while parent and parent not in series.boots:
            parent = self.kernels[series.suite, parent].parent
        return parent

    def pairs(self):
        """Every series and kernel with its measured parent."""
        for series in self.series:
            for kernel in series.boots:
                if parent := self.parent(series, kernel):
                    yield series, parent, kernel

    def _series(self):
        samples = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
        for row in rows(self.input, "samples.csv"):
            kernels = samples[row["suite"], row["series"]]
            kernels[row["kernel"]][row["boot"]].append(float(row["value"]))
        series = []
        for row in rows(self.input, "series.csv"):
            measured = samples[row["suite"], row["series"]]
            boots = {
                kernel: [np.array(boot) for boot in measured[kernel].values()]
                for suite, kernel in self.kernels
                if suite == row["suite"] and kernel in measured
            }
            series.append(
                Series(
                    row["suite"],
                    row["series"],
                    row["machine"],
                    row["benchmark"],
                    row["better"] == "lower",
                    boots,
                )
            )
        return series

    def _events(self):
        events = defaultdict(list)
        for row in rows(self.truth_folder, "truth.csv"):
            suite = row["suite"]
            first = self.kernels[suite, row["kernel"]]
            last = self.kernels[suite, row["end_kernel"]] if row["end_kernel"] else first
            events[suite, row["series"]].append(
                Event(
                    first.track,
                    first.pos,
                    last.pos,
                    row["direction"],
                    row["kind"],
                    row["scored"] == "1",
                    row["kernel"],
                    float(row["effect_pct"]),
                    float(row["snr"] or "nan"),
                )
            )
        return events


def rows(folder, name):
    """Lines of a CSV file that may be compressed."""
    path = Path(folder) / name
    if path.exists():
        file = open(path, newline="")
    else:
        file = gzip.open(f"{path}.gz", "rt", newline="")
    with file:
        yield from csv.DictReader(file)
