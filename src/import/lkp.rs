//! Results of LKP (lkp-tests, the kernel test robot).
//!
//! They lie in `…/<testcase>/<parameters>/<machine>/<rootfs>/<kconfig>/<compiler>/<commit>/<run>/stats.json`:
//! one number a statistic. `<commit>/matrix.json` has those of all runs in columns; where an earlier run did
//! not have a statistic, LKP fills in zeros, so it is read only where there is no stats.json.
//!
//! Statistics named after the testcase are what it measured; all others are of monitors.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Found, Sample, summed_up};

/// Digits of a commit that name a run.
const DIGITS: usize = 12;

/// Where a result lies, as its path tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    testcase: String,
    parameters: String,
    machine: String,
    facts: BTreeMap<String, String>,
    commit: String,
    /// Which run it is; absent for a matrix.
    run: Option<u32>,
}

impl Place {
    /// The place of `…/stats.json` or `…/matrix.json`, of the names of all folders above it.
    pub fn of(folders: &[String], is_matrix: bool) -> Result<Place, String> {
        let wanted = if is_matrix { 7 } else { 8 };
        let odd = || {
            "not in a folder <testcase>/<parameters>/<machine>/<rootfs>/<kconfig>/<compiler>/<commit>/<run>, \
             as LKP has them"
                .to_owned()
        };
        let start = folders.len().checked_sub(wanted).ok_or_else(odd)?;
        let names = &folders[start..];
        let run = match names.get(7) {
            Some(run) => Some(run.parse().map_err(|_| odd())?),
            None => None,
        };
        let fact = |name: &str, at: usize| (name.to_owned(), names[at].clone());
        Ok(Place {
            testcase: names[0].clone(),
            parameters: names[1].clone(),
            machine: names[2].clone(),
            facts: [fact("rootfs", 3), fact("kconfig", 4), fact("Compiler", 5), fact("Commit", 6)]
                .into(),
            commit: names[6].clone(),
            run,
        })
    }
}

/// Reads `stats.json` or `matrix.json`; `job` is the text of the `job.yaml` beside it.
pub fn read(place: &Place, json: &[u8], job: Option<&str>) -> Result<Found, String> {
    let all: BTreeMap<String, Value> =
        serde_json::from_slice(json).map_err(|error| format!("not valid: {error}"))?;
    let mut found = Found::default();
    let config = format!("{}-{}", place.testcase, place.parameters);
    let name: String = place.commit.chars().take(DIGITS).collect();
    let run = found.run(&place.machine, &config, &name);
    run.facts.clone_from(&place.facts);
    run.started = job.and_then(start);
    let own = format!("{}.", place.testcase);
    let (mut others, mut odd) = (0_usize, Vec::new());
    for (statistic, value) in &all {
        let Some(operation) = statistic.strip_prefix(&own) else {
            others += usize::from(statistic != "stats_source");
            continue;
        };
        let values: Vec<(u32, &Value)> = match (place.run, value) {
            (Some(run), value) => vec![(run, value)],
            (None, Value::Array(columns)) => (0..).zip(columns).collect(),
            (None, value) => vec![(0, value)],
        };
        for (iteration, value) in values {
            let Some(value) = value.as_f64().filter(|value| value.is_finite()) else {
                odd.push(operation.to_owned());
                continue;
            };
            let sample = Sample {
                operation: operation.to_owned(),
                unit: String::new(),
                better: None,
                interval: None,
                value,
            };
            let benchmarks = run.iterations.entry(iteration).or_default();
            benchmarks.entry(place.testcase.clone()).or_default().push(sample);
        }
    }
    if others > 0 {
        found.left_out.push(format!("{others} statistics of monitors"));
    }
    found.left_out.extend(summed_up(&odd, "no number"));
    Ok(found)
}

/// `start_time: 1795620430`
fn start(job: &str) -> Option<i64> {
    job.lines().find_map(|line| line.strip_prefix("start_time:")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(run: &str) -> Result<Place, String> {
        let names = [
            "result",
            "hackbench",
            "process",
            "ivb42",
            "debian",
            "rhel",
            "gcc-12",
            "0123456789abcdef",
        ];
        let mut folders: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        if !run.is_empty() {
            folders.push(run.to_owned());
        }
        Place::of(&folders, run.is_empty())
    }

    #[test]
    fn what_the_testcase_measured_is_taken() {
        let stats =
            br#"{"hackbench.throughput": 4244.5, "vmstat.cpu.sy": 3, "hackbench.note": "x"}"#;
        let found = read(&place("2").unwrap(), stats, Some("a: b\nstart_time: 77\n")).unwrap();
        let run = &found.runs[0];
        assert_eq!((run.machine.as_str(), run.config.as_str()), ("ivb42", "hackbench-process"));
        assert_eq!((run.name.as_str(), run.started), ("0123456789ab", Some(77)));
        let samples = &run.iterations[&2]["hackbench"];
        assert_eq!((samples.len(), samples[0].value), (1, 4244.5));
        assert_eq!(found.left_out, ["1 statistics of monitors", "no number: note"]);
    }

    #[test]
    fn columns_of_a_matrix_are_runs() {
        let matrix = br#"{"hackbench.throughput": [1, 2.5], "stats_source": ["a", "b"]}"#;
        let found = read(&place("").unwrap(), matrix, None).unwrap();
        let numbers: Vec<u32> = found.runs[0].iterations.keys().copied().collect();
        assert_eq!(numbers, [0, 1]);
        assert_eq!(found.left_out, Vec::<String>::new());
    }

    #[test]
    fn another_place_is_refused() {
        assert!(place("x").is_err());
        assert!(Place::of(&["a".to_owned()], false).is_err());
        assert!(read(&place("0").unwrap(), b"{", None).is_err());
    }
}
