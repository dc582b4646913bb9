//! Estimates that a few bad values do not move.

/// Median; absent for an empty slice.
pub fn median(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let mut values = values.to_vec();
    let even = values.len().is_multiple_of(2);
    let middle = values.len() / 2;
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let lower = below.iter().copied().max_by(f64::total_cmp).filter(|_| even);
    Some(lower.map_or(*upper, |lower| 0.5 * (lower + *upper)))
}

/// Median absolute deviation from the median, scaled to the deviation of a normal distribution.
pub fn mad(values: &[f64]) -> Option<f64> {
    let centre = median(values)?;
    let deviations: Vec<f64> = values.iter().map(|value| (value - centre).abs()).collect();
    Some(1.4826 * median(&deviations)?)
}

/// Mean with Huber's weights (Huber 1964, c = 1.5) at a known scale, from the median.
///
/// Fewer than three values: their mean, for nothing says which of two is the bad one.
pub fn huber_mean(values: &[f64], scale: f64) -> Option<f64> {
    let mut centre = median(values)?;
    if values.len() < 3 || scale <= 0.0 {
        return Some(values.iter().sum::<f64>() / values.len() as f64)
            .filter(|_| scale > 0.0 || values.len() < 3)
            .or(Some(centre));
    }
    for _ in 0..8 {
        let (mut total, mut weights) = (0.0, 0.0);
        for value in values {
            let weight = (1.5 * scale / (value - centre).abs()).min(1.0);
            total += weight * value;
            weights += weight;
        }
        centre = total / weights;
    }
    Some(centre)
}

/// Mean with Tukey's biweight (c = 4.685) at a known scale, from the median: values far out do not
/// count at all.
pub fn biweight_mean(values: &[f64], scale: f64) -> Option<f64> {
    let mut centre = median(values)?;
    if values.len() < 3 || scale <= 0.0 {
        return huber_mean(values, scale);
    }
    for _ in 0..5 {
        let (mut total, mut weights) = (0.0, 0.0);
        for value in values {
            let u = (value - centre) / (4.685 * scale);
            let weight = (1.0 - u * u).max(0.0).powi(2);
            total += weight * value;
            weights += weight;
        }
        if weights > 0.0 {
            centre = total / weights;
        }
    }
    Some(centre)
}

/// Sample variance; absent for fewer than two values.
pub fn variance(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    Some(values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0))
}

/// Coefficients of a regression that outliers hardly move: least absolute deviations by
/// reweighting (Schlossmacher 1973), with a small ridge towards `prior`.
pub fn regression(rows: &[Vec<f64>], y: &[f64], prior: &[f64], ridge: f64) -> Vec<f64> {
    let mut beta = prior.to_vec();
    let mut weights = vec![1.0; y.len()];
    for _ in 0..12 {
        beta = weighted(rows, y, &weights, prior, ridge);
        for (weight, (row, y)) in weights.iter_mut().zip(rows.iter().zip(y)) {
            let residual = (y - dot(row, &beta)).abs();
            *weight = 1.0 / residual.max(0.5);
        }
    }
    beta
}

/// Scalar product.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn weighted(rows: &[Vec<f64>], y: &[f64], w: &[f64], prior: &[f64], ridge: f64) -> Vec<f64> {
    let k = prior.len();
    let mut a = vec![vec![0.0; k + 1]; k];
    for ((row, y), w) in rows.iter().zip(y).zip(w) {
        for i in 0..k {
            for j in 0..k {
                a[i][j] += w * row[i] * row[j];
            }
            a[i][k] += w * row[i] * (y - dot(row, prior));
        }
    }
    for (i, row) in a.iter_mut().enumerate() {
        // The intercept is the data's business alone.
        row[i] += if i == 0 { 1e-9 } else { ridge };
    }
    solve(a).iter().zip(prior).map(|(step, prior)| step + prior).collect()
}

/// Gauss–Jordan with pivoting of a k × (k+1) system; a singular direction gets 0.
fn solve(mut a: Vec<Vec<f64>>) -> Vec<f64> {
    let k = a.len();
    for column in 0..k {
        let pivot = (column..k).max_by(|x, y| a[*x][column].abs().total_cmp(&a[*y][column].abs()));
        a.swap(column, pivot.unwrap_or(column));
        let lead = a[column][column];
        if lead.abs() < 1e-12 {
            continue;
        }
        let source = a[column].clone();
        for (i, row) in a.iter_mut().enumerate().filter(|(i, _)| *i != column) {
            let factor = row[column] / lead;
            row.iter_mut().zip(&source).for_each(|(x, s)| *x -= factor * s);
            debug_assert!(i != column);
        }
    }
    (0..k).map(|i| if a[i][i].abs() < 1e-12 { 0.0 } else { a[i][k] / a[i][i] }).collect()
}
