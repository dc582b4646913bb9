//! The samples of one benchmark in one iteration of a run.

use super::Places;

/// Larger values are no measurement.
const MAX_VALUE: f64 = 1e100;
/// Longer names are garbage; their rest is cut off.
const LONGEST_NAME: usize = 300;

/// Samples of one operation, in the order in which they were measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// MMTests' name of the operation: `metric[-factorA][-factorB]`.
    pub operation: String,
    /// `true` if the operation is one of those that MMTests' ratio tables show.
    pub ratio: bool,
    /// When each sample was taken; seconds or a running number, as the benchmark has it.
    pub intervals: Intervals,
    /// The measured values, finite, as many as `intervals`.
    pub values: Vec<f64>,
}

/// When samples were taken, in as little memory as it needs.
#[derive(Clone, Debug, PartialEq)]
pub enum Intervals {
    /// From 1 to this number, as most benchmarks number their samples.
    Numbered(usize),
    /// Anything else.
    Given(Vec<f64>),
}

impl Default for Intervals {
    fn default() -> Intervals {
        Intervals::Numbered(0)
    }
}

impl Intervals {
    #[inline]
    fn push(&mut self, interval: f64) {
        match self {
            Intervals::Numbered(last) if interval == (*last + 1) as f64 => *last += 1,
            Intervals::Numbered(_) => {
                let mut all: Vec<f64> = self.iter().collect();
                all.push(interval);
                *self = Intervals::Given(all);
            }
            Intervals::Given(all) => all.push(interval),
        }
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = f64> {
        let (numbered, given) = match self {
            Intervals::Numbered(last) => (*last, [].as_slice()),
            Intervals::Given(all) => (0, all.as_slice()),
        };
        (1..=numbered).map(|number| number as f64).chain(given.iter().copied())
    }
}

/// Handle of an operation within one [`Samples`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationId(usize);

/// Everything one benchmark measured in one iteration; operations in order of first appearance.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    series: Vec<Series>,
    names: Places,
}

impl Samples {
    /// The handle of the operation with this name, which is added if it is new. Names come out of
    /// logs: what is no printable character in them becomes a question mark.
    #[inline]
    pub fn operation(&mut self, name: &str) -> OperationId {
        self.joined(&[name])
    }

    /// As [`Samples::operation`], for a name that is put together of these parts.
    #[inline]
    pub fn joined(&mut self, parts: &[&str]) -> OperationId {
        let at = self.names.of_joined(parts);
        if at == self.series.len() {
            self.begin(&parts.concat());
        }
        OperationId(at)
    }

    #[cold]
    fn begin(&mut self, name: &str) {
        let shown = name.chars().take(LONGEST_NAME);
        let operation = shown.map(|c| if c.is_control() { '?' } else { c }).collect();
        self.series.push(Series { operation, ..Series::default() });
    }

    /// As [`Samples::operation`], for one that the ratio table shows.
    pub fn ratio_operation(&mut self, name: &str) -> OperationId {
        self.ratio_joined(&[name])
    }

    /// As [`Samples::ratio_operation`], for a name that is put together of these parts.
    pub fn ratio_joined(&mut self, parts: &[&str]) -> OperationId {
        let id = self.joined(parts);
        self.series[id.0].ratio = true;
        id
    }

    /// Adds a sample. Values that are not finite, or beyond what anything could measure, are
    /// refused: the caller reports them.
    #[inline]
    #[must_use]
    pub fn add(&mut self, id: OperationId, interval: f64, value: f64) -> bool {
        // The square of a value must still be a number.
        let usable = value.abs() <= MAX_VALUE && interval.is_finite();
        if usable {
            self.series[id.0].intervals.push(interval);
            self.series[id.0].values.push(value);
        }
        usable
    }

    /// Number of samples of one operation.
    #[inline]
    pub fn count(&self, id: OperationId) -> usize {
        self.series[id.0].values.len()
    }

    /// All operations, in order of first appearance. Some may have no sample.
    pub fn series(&self) -> &[Series] {
        &self.series
    }

    /// Hands out the operations.
    pub fn into_series(self) -> Vec<Series> {
        self.series
    }

    /// Number of samples over all operations.
    pub fn len(&self) -> usize {
        self.series.iter().map(|s| s.values.len()).sum()
    }

    /// `true` if nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_kept_whatever_they_are() {
        for given in [vec![], vec![1.0, 2.0], vec![1.0, 2.0, 2.0, 4.0], vec![0.0], vec![1.5, 2.0]] {
            let mut intervals = Intervals::default();
            given.iter().for_each(|interval| intervals.push(*interval));
            assert_eq!(intervals.iter().collect::<Vec<f64>>(), given);
        }
    }
}
