"""What other tools and the usual rules find, each as a function from a kit to claims.

All but Otava set every kernel against the one it was made from.
"""

from collections import defaultdict

import numpy as np
from scipy import special, stats

from score import Claim


def claim(series, kernel, worse):
    direction = "regression" if worse else "improvement"
    return Claim(series.suite, series.name, kernel, direction)


def change(series, kernel, difference):
    return claim(series, kernel, (difference > 0) == series.lower_is_better)


def pooled(kit):
    """Every comparison with the samples of all boots thrown together, if both sides have two."""
    for series, parent, kernel in kit.pairs():
        before, after = (np.concatenate(series.boots[k]) for k in (parent, kernel))
        if len(before) > 1 and len(after) > 1:
            yield series, kernel, before, after


def mean_and_deviation(series, samples):
    """MMTests: harmonic where higher is better, with the deviation that its code gives that mean."""
    if series.lower_is_better:
        return samples.mean(), samples.std(ddof=1)
    mean = len(samples) / np.sum(1 / samples)
    return mean, mean**2 * np.sqrt(np.mean((1 / samples - 1 / mean) ** 2))


def mmtests_star(kit):
    """Starred where the difference exceeds 1.96 times the sum of the two deviations."""
    for series, kernel, before, after in pooled(kit):
        (m1, s1), (m2, s2) = (mean_and_deviation(series, x) for x in (before, after))
        if abs(m2 - m1) > 1.959964 * (s1 + s2):
            yield change(series, kernel, m2 - m1)


def five_percent(kit):
    """Means more than 5 % apart."""
    for series, parent, kernel in kit.pairs():
        sides = [np.concatenate(series.boots[k]) for k in (parent, kernel)]
        before, after = (x.mean() if series.lower_is_better else stats.hmean(x) for x in sides)
        if abs(after / before - 1) > 0.05:
            yield change(series, kernel, after - before)


def welch_pooled(kit):
    """Welch's test on all samples at 5 %, without a thought for how many tests there are."""
    for series, kernel, before, after in pooled(kit):
        if stats.ttest_ind(before, after, equal_var=False).pvalue < 0.05:
            yield change(series, kernel, after.mean() - before.mean())


def welch_boots(kit):
    """Welch's test on the means of the boots; false-discovery rate 5 % per kernel; at least 2 %."""
    tests = []
    for series, parent, kernel in kit.pairs():
        sides = [np.array([np.log(b).mean() for b in series.boots[k]]) for k in (parent, kernel)]
        if min(map(len, sides)) > 1:
            before, after = sides
            p = stats.ttest_ind(before, after, equal_var=False).pvalue
            # Without any variance the test has no answer, but we have.
            p = float(before.mean() == after.mean()) if np.isnan(p) else p
            tests.append((series, kernel, p, after.mean() - before.mean()))
    return discoveries(tests, least=0.02)


def discoveries(tests, least):
    """Benjamini and Hochberg (1995) over the series of each kernel."""
    families = defaultdict(list)
    for test in tests:
        families[test[0].suite, test[1]].append(test)
    for family in families.values():
        adjusted = stats.false_discovery_control([p for _, _, p, _ in family])
        for (series, kernel, _, difference), q in zip(family, adjusted):
            if q < 0.05 and abs(difference) >= least:
                yield change(series, kernel, difference)


def moderated_pairs(kit):
    """Moderated t tests (Smyth 2004; trend: Law et al. 2014); otherwise as welch_boots, 1 %.

    The noise of a kernel's estimate is learnt from the differences along the series, where there
    are at least six, or else from its boots, and shrunk to a trend over all series of the suite.
    """
    suites = defaultdict(list)
    for series in kit.series:
        suites[series.suite].append(series)
    tests = []
    for all_series in suites.values():
        estimates = [Estimates(kit, series) for series in all_series]
        for one, (variance, df) in zip(estimates, moderate(estimates)):
            for kernel, difference in one.differences.items():
                p = 2 * stats.t.sf(abs(difference) / np.sqrt(2 * variance), df)
                tests.append((one.series, kernel, p, difference))
    return discoveries(tests, least=0.01)


class Estimates:
    """One number a kernel, and what the series itself says about its variance."""

    def __init__(self, kit, series):
        self.series = series
        boots = {
            kernel: np.array([np.median(np.log(b)) for b in each])
            for kernel, each in series.boots.items()
        }
        self._noise_of_boots(series, boots)
        deviation = np.sqrt(self.from_boots * self.count) if self.replicated else 0.0
        self.at = {kernel: huber_mean(values, deviation) for kernel, values in boots.items()}
        parents = {kernel: kit.parent(series, kernel) for kernel in boots}
        self.differences = {k: self.at[k] - self.at[p] for k, p in parents.items() if p}
        self.history = len(self.differences) >= 6
        if self.history:
            sizes = np.abs(list(self.differences.values()))
            self.from_history = max((1.4826 * np.median(sizes)) ** 2 / 2, 1e-8)
            self.history_df = max(0.4 * len(sizes), 1.5)

    def _noise_of_boots(self, series, boots):
        several = [values for values in boots.values() if len(values) > 1]
        self.count = np.median([len(values) for values in boots.values()])
        if several:  # the variance of a boot, divided by the number of boots
            squares = [values.var(ddof=1) for values in several]
            squares = np.minimum(squares, 9 * np.median(squares) + 1e-12)  # a bad boot is no noise
            degrees = np.array([len(values) - 1 for values in several])
            self.from_boots = max((squares * degrees).sum() / degrees.sum() / self.count, 1e-8)
            self.df = 0.8 * degrees.sum()
        else:
            samples = [b for each in series.boots.values() for b in each if len(b) > 1]
            inner = [np.log(b).var(ddof=1) / len(b) for b in samples]
            self.from_boots = max(np.median(inner), 1e-8) if inner else np.nan
            self.df = 2.0
        self.replicated = bool(several)


def huber_mean(values, deviation):
    """Values beyond 1.5 deviations from the centre count less (Huber 1964)."""
    centre = np.median(values)
    if len(values) < 3 or deviation <= 0:
        return values.mean()
    for _ in range(8):
        weights = np.minimum(1, 1.5 * deviation / np.maximum(np.abs(values - centre), 1e-12))
        centre = (weights * values).sum() / weights.sum()
    return centre


def moderate(all_series):
    """Variance of a kernel's estimate and its degrees of freedom, of each series."""
    known = [one for one in all_series if one.history]
    if len(known) >= 20:
        y = np.log([one.from_history for one in known])
        df = np.array([one.history_df for one in known])
        beta, prior_df = trend(np.array([covariates(one) for one in known]), y, df)
        for one in all_series:
            prior = np.exp(covariates(one) @ beta)
            own, own_df = (one.from_history, one.history_df) if one.history else (0.0, 0.0)
            variance = (prior_df * prior + own_df * own) / (prior_df + own_df)
            floor = 0.5 * one.from_boots if one.replicated else 0.0
            yield max(variance, floor, 1e-8), prior_df + own_df
    else:
        yield from moderate_without_history(all_series)


def covariates(one):
    known = 0.0 if np.isnan(one.from_boots) else np.log(one.from_boots)
    return np.array([1.0, known, float(one.replicated)])


def moderate_without_history(all_series):
    """Boots only; and as kernels differ by more than their boots say, the typical difference is
    taken for what no change looks like (empirical null, Efron 2004)."""
    own = np.array([one.from_boots for one in all_series])
    own = np.where(np.isnan(own), np.nanmedian(own), own)
    df = np.array([one.df for one in all_series])
    beta, prior_df = trend(np.ones((len(own), 1)), np.log(own), df)
    variances = (prior_df * np.exp(beta[0]) + df * own) / (prior_df + df)
    z = [
        abs(d) / np.sqrt(2 * v)
        for one, v in zip(all_series, variances)
        for d in one.differences.values()
    ]
    scale = max(np.median(z) / 0.6745, 1.0) if z else 1.0
    return zip(variances * scale**2, np.minimum(prior_df + df, 12.0))


def trend(x, y, df):
    """Robust regression of log variances, and what the trend is worth in degrees of freedom."""
    y = y - (special.digamma(df / 2) - np.log(df / 2))
    weights = np.ones(len(y))
    for _ in range(6):
        root = np.sqrt(weights)
        beta = np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0]
        residuals = np.abs(y - x @ beta)
        weights = np.minimum(1, 1.5 * np.median(residuals) / np.maximum(residuals, 1e-9))
    scatter = (1.4826 * np.median(residuals)) ** 2
    excess = max(scatter - np.mean(special.polygamma(1, df / 2)), 0.05)
    return beta, min(2 * inverse_trigamma(excess), 60.0)


def inverse_trigamma(y):
    """Newton's method as in Smyth (2004), appendix."""
    x = 0.5 + 1 / y
    for _ in range(50):
        value = special.polygamma(1, x)
        step = value * (1 - value / y) / special.polygamma(2, x)
        x += step
        if abs(step) < 1e-8 * x:
            break
    return x


def otava(kit):
    """Apache Otava along mainline, and along mainline and each stable series that left it.

    It is given the mean of every boot, in order, with its own defaults: given one mean a kernel it
    finds next to nothing.
    """
    from otava.analysis import compute_change_points

    for series in kit.series:
        for kernels, first in paths(kit, series):
            points = [(b.mean(), at) for at, k in enumerate(kernels) for b in series.boots[k]]
            if len(points) < 4:
                continue
            found, _ = compute_change_points(
                [value for value, _ in points], window_len=50, max_pvalue=0.001, min_magnitude=0.0
            )
            seen = set()
            for point in found:
                at = kernel_of(points, point.index)
                # What lies before the branch point is mainline's, and told there.
                if first <= at < len(kernels) and at not in seen:
                    seen.add(at)
                    before, after = point.stats.mean_1, point.stats.mean_2
                    yield change(series, kernels[at], after - before)


def kernel_of(points, index):
    """The kernel most of whose boots lie right of a split between boots."""
    at = points[index][1]
    boots = [i for i, (_, kernel) in enumerate(points) if kernel == at]
    return at + 1 if index - boots[0] > len(boots) / 2 else at


def paths(kit, series):
    """The kernels of each track with those they came from, and where the track begins."""
    tracks = defaultdict(list)
    for kernel in series.boots:
        tracks[kit.kernels[series.suite, kernel].track].append(kernel)
    for kernels in tracks.values():
        kernels.sort(key=lambda kernel: kit.kernels[series.suite, kernel].pos)
        before = []
        while parent := kit.parent(series, (before or kernels)[0]):
            before.insert(0, parent)
        yield before + kernels, max(len(before), 1)


PEERS = {
    "MMTests' star": mmtests_star,
    "more than 5 %": five_percent,
    "Welch, samples pooled, p < .05": welch_pooled,
    "Welch on boots, BH, ≥ 2 %": welch_boots,
    "moderated pairs, BH, ≥ 1 %": moderated_pairs,
    "Apache Otava": otava,
}
