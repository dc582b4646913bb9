"""Sets melbot against other tools on series with known truth, and prints a Markdown table.

Each KIT holds series of all suites, each BLIP series of kernels that are bad alone; several of a
kind are pooled. TREES holds result trees as MMTests leaves them, the same series as CSV, and truth:
melbot reads the trees, the others the CSV.
"""

import argparse
import csv
import importlib.metadata
import io
import resource
import subprocess
import tempfile
import time
import warnings
from collections import Counter, defaultdict
from pathlib import Path

from kit import Kit, rows
from peers import PEERS
from score import Claim, macro_f1, score, scores, total

HEADER = (
    "method",
    "F1",
    "macro-F1",
    "precision",
    "false /1,000",
    "exact %",
    "pair F1",
    "blip F1",
    "blip false /1,000",
    "trees F1",
    "CPU s",
)


def main():
    warnings.filterwarnings("ignore")  # constant samples: scipy says what the code allows for
    arguments = parse()
    kits = [Kit(folder) for folder in arguments.kit]
    blips = [Kit(folder) for folder in arguments.blip]
    trees = arguments.trees and Kit(arguments.trees / "mmtests_kit")
    judged = [Judged(arguments.melbot, kit) for kit in kits + blips]

    print_row(HEADER)
    print_row(["---"] + ["--:"] * (len(HEADER) - 1))
    of_kit = {judged.kit.folder: judged for judged in judged}
    for name, suspects in (("**melbot**", True), ("melbot without suspects", False)):
        on_kit = lambda kit: of_kit[kit.folder].claims(suspects)
        on_trees = lambda _: alerts(arguments.melbot, arguments.trees)
        seconds = sum(of_kit[kit.folder].seconds for kit in kits)
        line(name, kits, blips, trees, on_kit, on_trees, seconds)
    for name, peer in PEERS.items():
        if name == "Apache Otava":
            name += " " + importlib.metadata.version("apache-otava")
        timed = Timed(peer)
        line(name, kits, blips, trees, timed, peer, None)
    print()
    print(subprocess.check_output([arguments.melbot, "--version"], text=True).strip(), end=", ")
    print(time.strftime("%Y-%m-%d"))
    print_suites(kits, of_kit)


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--melbot", required=True, help="the program")
    parser.add_argument("--kit", type=Path, nargs="*", default=[])
    parser.add_argument("--blip", type=Path, nargs="*", default=[])
    parser.add_argument("--trees", type=Path, help="folder with mmtests and mmtests_kit")
    return parser.parse_args()


class Judged:
    """What `melbot judge` says about a kit."""

    def __init__(self, melbot, kit):
        self.kit = kit
        start = children()
        text = subprocess.check_output([melbot, "judge", kit.input], text=True)
        self.seconds = children() - start
        self.rows = list(csv.DictReader(io.StringIO(text)))

    def claims(self, suspects=True):
        return [
            Claim(row["suite"], row["series"], row["kernel"], row["direction"])
            for row in self.rows
            if suspects or row["verdict"] != "suspect"
        ]


def children():
    """CPU seconds of all children so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Timed:
    """A peer with a clock."""

    def __init__(self, peer):
        self.peer = peer
        self.seconds = 0.0

    def __call__(self, kit):
        start = time.process_time()
        claims = list(self.peer(kit))
        self.seconds += time.process_time() - start
        return claims


def alerts(melbot, folder):
    """What `melbot alerts` says about result trees, as claims about the same series as CSV."""
    series = {
        (row["tree"], row["benchmark"], row["metric"]): (row["suite"], row["series"])
        for row in rows(folder / "mmtests", "map.csv")
    }
    with tempfile.TemporaryDirectory() as store:
        command = [melbot, "alerts", folder / "mmtests", "--csv", "--all", "--store", store]
        text = subprocess.check_output(command, text=True)
    for row in csv.DictReader(io.StringIO(text)):
        tree = row["run_path"].split("/")[0]
        place = series.get((tree, row["benchmark"], row["operation"]))
        if place:
            # Runs of one name in several trees of one machine are numbered: 6.10, 6.10 (2), …
            kernel = "v" + row["kernel"].split(" ")[0]
            yield Claim(*place, kernel, row["direction"])


def line(name, kits, blips, trees, on_kit, on_trees, seconds):
    """Prints one row; without `seconds`, those that `on_kit` took for the kits."""
    counts = pool(kits, on_kit)
    seconds = on_kit.seconds if seconds is None else seconds
    all_suites = scores(total(counts))
    cells = [
        name,
        ratio(all_suites.f1),
        ratio(macro_f1(counts)),
        ratio(all_suites.precision),
        f"{all_suites.false_per_1000:.2f}",
        f"{all_suites.exact_pct:.1f}",
        ratio(scores(counts["pair"]).f1),
    ]
    blip = scores(total(pool(blips, on_kit)))
    cells += [ratio(blip.f1), f"{blip.false_per_1000:.2f}"] if blips else ["", ""]
    cells += [ratio(scores(total(score(trees, on_trees(trees)))).f1) if trees else ""]
    print_row([*cells, f"{seconds:.1f}"])


def pool(kits, method):
    counts = defaultdict(Counter)
    for kit in kits:
        for suite, count in score(kit, method(kit)).items():
            counts[suite].update(count)
    return counts


def print_suites(kits, of_kit):
    print("\nmelbot by suite\n")
    print_row(["suite", "F1", "precision", "recall", "false /1,000"])
    print_row(["---"] + ["--:"] * 4)
    for suite, counts in sorted(pool(kits, lambda kit: of_kit[kit.folder].claims()).items()):
        s = scores(counts)
        print_row([suite, *map(ratio, s[:3]), f"{s.false_per_1000:.2f}"])


def ratio(value):
    return f"{value:.3f}".removeprefix("0")


def print_row(cells):
    print("|", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
