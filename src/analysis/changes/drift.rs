//! Gradual changes: several alerts in one direction that a slope explains better than steps.

use super::location::Located;
use super::verdict::Comparison;

/// Kernels between two steps of one drift, at most.
const GAP: usize = 4;
/// Parameters of a slope: two levels, where it begins, where it ends.
const SLOPE: f64 = 4.0;

/// Marks runs of alerts that are one drift: the first gets its end, the others are not reported
/// on their own. Their verdicts stay.
pub fn mark(series: &Located, comparisons: &mut [Comparison], deviation: f64) {
    for run in runs(series, comparisons) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        let path = path(series, *first, *last);
        if !sloped(&path, &run, comparisons, deviation) {
            continue;
        }
        for at in &run[1..] {
            comparisons[*at].alert = false;
            comparisons[*at].drifting = true;
        }
        comparisons[*first].drift_end = Some(comparisons[*last].kernel);
    }
}

/// Chains of at least two alerts of one direction, each soon after the one before.
fn runs(series: &Located, comparisons: &[Comparison]) -> Vec<Vec<usize>> {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for (at, comparison) in comparisons.iter().enumerate().filter(|(_, c)| c.alert) {
        let worse = comparison.effect > 0.0;
        let before = ancestors(series, at).take(GAP).find(|up| comparisons[*up].alert);
        let joins = |run: &&mut Vec<usize>| before.is_some() && run.last().copied() == before;
        let same = before.is_some_and(|up| (comparisons[up].effect > 0.0) == worse);
        match runs.iter_mut().find(joins).filter(|_| same) {
            Some(run) => run.push(at),
            None => runs.push(vec![at]),
        }
    }
    runs.retain(|run| run.len() > 1);
    runs
}

fn ancestors(series: &Located, at: usize) -> impl Iterator<Item = usize> + '_ {
    std::iter::successors(series.seen[at].parent, |up| series.seen[*up].parent)
}

/// From the kernel before the first alert to the last, with a little room on both sides.
fn path(series: &Located, first: usize, last: usize) -> Vec<usize> {
    let room = ancestors(series, first).take(GAP).count();
    let length = ancestors(series, last).position(|up| up == first).map_or(1, |at| at + 2);
    let mut path: Vec<usize> =
        std::iter::once(last).chain(ancestors(series, last)).take(length + room).collect();
    path.reverse();
    path
}

/// Compares a slope with the steps by the Bayesian information criterion (Schwarz 1978).
fn sloped(path: &[usize], run: &[usize], comparisons: &[Comparison], deviation: f64) -> bool {
    let place = |at: usize| path.iter().position(|p| *p == at);
    let (Some(from), Some(to)) = (place(run[0]), place(run[run.len() - 1])) else { return false };
    let values: Vec<f64> = path.iter().map(|at| comparisons[*at].own).collect();
    let steps: f64 = {
        let cuts: Vec<usize> = run.iter().filter_map(|at| place(*at)).collect();
        let mut borders = vec![0];
        borders.extend(cuts);
        borders.push(path.len());
        borders.windows(2).map(|w| around_mean(&values[w[0]..w[1]])).sum()
    };
    let ramp = |at: usize| ((at + 1).saturating_sub(from).min(to + 1 - from)) as f64;
    let slope = around_line(&values, ramp);
    let unit = deviation.max(1e-6).powi(2);
    let price = (path.len() as f64).ln();
    let many = 2.0 * run.len() as f64 + 1.0;
    slope / unit + SLOPE * price < steps / unit + many * price
}

fn around_mean(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    values.iter().map(|v| (v - mean).powi(2)).sum()
}

/// Residual sum of squares of values on a + b·x.
fn around_line(values: &[f64], x: impl Fn(usize) -> f64) -> f64 {
    let n = values.len().max(1) as f64;
    let mean_x = (0..values.len()).map(&x).sum::<f64>() / n;
    let mean = values.iter().sum::<f64>() / n;
    let sxx: f64 = (0..values.len()).map(|at| (x(at) - mean_x).powi(2)).sum();
    let sxy: f64 = values.iter().enumerate().map(|(at, v)| (x(at) - mean_x) * (v - mean)).sum();
    let b = if sxx > 0.0 { sxy / sxx } else { 0.0 };
    values.iter().enumerate().map(|(at, v)| (v - mean - b * (x(at) - mean_x)).powi(2)).sum()
}
