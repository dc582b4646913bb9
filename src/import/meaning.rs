//! Which way is better, where a source does not say so.

use crate::mmtests::shellpack;
use crate::model::Direction;

/// What whoever imports says about operations.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Starts of names of operations of which less is better.
    pub lower: Vec<String>,
    /// Starts of names of operations of which more is better.
    pub higher: Vec<String>,
}

/// Units and words of what should be low.
const LOW: [&str; 17] = [
    "s", "sec", "secs", "second", "seconds", "ms", "us", "µs", "ns", "msec", "usec", "nsec",
    "time", "latency", "duration", "overhead", "failures",
];
/// Units and words of what should be high.
const HIGH: [&str; 20] = [
    "throughput",
    "ops",
    "iops",
    "bw",
    "rate",
    "score",
    "bogo",
    "jobs",
    "tps",
    "rps",
    "qps",
    "mbps",
    "fps",
    "tflops",
    "gflops",
    "mflops",
    "bandwidth",
    "transactions",
    "requests",
    "works",
];

/// Which way is better: as wished, as MMTests has it for benchmarks that melbot knows, or as unit and
/// name tell. `None` where nothing does.
pub fn better(
    wishes: &Wishes,
    benchmark: &str,
    operation: &str,
    unit: &str,
) -> Option<(Direction, String)> {
    let starts = |names: &[String]| names.iter().any(|name| operation.starts_with(name.as_str()));
    let own = |direction| Some((direction, unit.to_owned()));
    if starts(&wishes.lower) {
        return own(Direction::Lower);
    }
    if starts(&wishes.higher) {
        return own(Direction::Higher);
    }
    if let Some(known) = shellpack::lookup(benchmark).filter(|_| unit.is_empty()) {
        let metric = known.metric(operation);
        return Some((metric.direction, metric.unit.to_owned()));
    }
    let (unit_of, name_of) = (unit.to_lowercase(), operation.to_lowercase());
    // Something per time, whatever it is.
    if [&unit_of, &name_of].iter().any(|text| is_rate(text)) {
        return own(Direction::Higher);
    }
    let told = |text: &str, words: &[&str]| {
        text.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word))
    };
    for text in [&unit_of, &name_of] {
        match (told(text, &HIGH), told(text, &LOW)) {
            (true, false) => return own(Direction::Higher),
            (false, true) => return own(Direction::Lower),
            _ => {}
        }
    }
    None
}

fn is_rate(text: &str) -> bool {
    let ends =
        ["/s", "/sec", "/second", "per_sec", "per_second", "per second", "per_min", "per-min"];
    ends.iter().any(|end| text.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_names_tell_which_way_is_better() {
        let of = |operation: &str, unit: &str| {
            better(&Wishes::default(), "x", operation, unit).map(|(direction, _)| direction)
        };
        for (operation, unit) in [
            ("throughput", ""),
            ("aim7.jobs-per-min", ""),
            ("a", "MB/s"),
            ("read_iops", ""),
            ("a", "Ops/sec"),
        ] {
            assert_eq!(of(operation, unit), Some(Direction::Higher), "{operation} {unit}");
        }
        for (operation, unit) in [("elapsed_time", ""), ("a", "Seconds"), ("99th-latency", "us")] {
            assert_eq!(of(operation, unit), Some(Direction::Lower), "{operation} {unit}");
        }
        assert_eq!(of("workload", ""), None);
        let wishes = Wishes { lower: vec!["work".to_owned()], ..Wishes::default() };
        let wished = better(&wishes, "x", "workload", "");
        assert_eq!(wished, Some((Direction::Lower, String::new())));
        // A benchmark that melbot knows, as `melbot extract` prints it.
        let known = better(&Wishes::default(), "kernbench", "Elapsed-4", "");
        assert_eq!(known.map(|(direction, _)| direction), Some(Direction::Lower));
    }
}
