//! Runs that are still to come: whoever orders them says so in a file beside the results.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::file::{problem, text};
use crate::model::{Problem, can_be_shown};

/// The file, in the folder of the results.
pub const FILE: &str = "pending.json";

/// The last second of the year 9999.
const LAST: i64 = 253_402_300_799;

/// What is still to be measured, and when that was so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Seconds since 1970.
    pub as_of: i64,
    /// When the last of them should have been measured, in seconds since 1970, where that can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// The runs.
    #[serde(default)]
    pub runs: Vec<PendingRun>,
}

/// A kernel that is to be measured with a config on a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingRun {
    /// The machine.
    pub machine: String,
    /// The config.
    pub config: String,
    /// Name of the run.
    pub kernel: String,
    /// It has begun.
    #[serde(default)]
    pub running: bool,
}

impl Pending {
    /// Reads the file of these results. Nothing is pending where there is none, or where it cannot be
    /// understood, which is the problem.
    pub fn read(results: &Path) -> (Pending, Option<Problem>) {
        let read = text(&results.join(FILE)).map_err(|what| (None, what));
        let read = read.and_then(|text| match text {
            None => Ok(Pending::default()),
            Some(text) => serde_json::from_str(&text)
                .map_err(|error| (Some(error.line() as u64), error.to_string())),
        });
        let read = read.and_then(|pending| match pending.fault() {
            None => Ok(pending),
            Some(what) => Err((None, what)),
        });
        match read {
            Ok(pending) => (pending, None),
            Err((line, what)) => {
                let what = format!("what is still to be measured is not known: {what}");
                let remedy = "correct it, or remove it: a coordinator writes it anew";
                (Pending::default(), Some(problem(FILE, line, what, remedy)))
            }
        }
    }

    /// What is wrong with it.
    fn fault(&self) -> Option<String> {
        let is_odd = |time: i64| !(0..=LAST).contains(&time);
        if is_odd(self.as_of) || self.until.is_some_and(|until| is_odd(until) || until < self.as_of)
        {
            return Some("its times are no seconds since 1970, or in the wrong order".to_owned());
        }
        let is_name =
            |name: &str| !name.is_empty() && name.len() < 256 && name.chars().all(can_be_shown);
        let names = self.runs.iter().flat_map(|run| [&run.machine, &run.config, &run.kernel]);
        let bad = names.into_iter().find(|name| !is_name(name))?;
        let shown: String = bad.chars().take(40).collect();
        Some(format!("{shown:?} is no name"))
    }

    /// Writes the file of these results, whole or not at all; where nothing is pending there is none.
    pub fn write(&self, results: &Path) -> io::Result<()> {
        if self.runs.is_empty() {
            return match fs::remove_file(results.join(FILE)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        let beside = results.join(format!(".{FILE}.{}", std::process::id()));
        fs::write(&beside, serde_json::to_string_pretty(self)? + "\n")?;
        fs::rename(beside, results.join(FILE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() -> io::Result<()> {
        let results = tempfile::tempdir()?;
        assert_eq!(Pending::read(results.path()), (Pending::default(), None));
        let run = PendingRun {
            machine: "ivor".into(),
            config: "netperf".into(),
            kernel: "6.12.5".into(),
            running: true,
        };
        let pending = Pending { as_of: 1, until: Some(2), runs: vec![run] };
        pending.write(results.path())?;
        assert_eq!(Pending::read(results.path()), (pending, None));
        Pending::default().write(results.path())?;
        assert!(!results.path().join(FILE).exists());
        Pending::default().write(results.path())?;
        Ok(())
    }

    #[test]
    fn times_and_names_that_nobody_can_read_are_a_problem() -> io::Result<()> {
        let results = tempfile::tempdir()?;
        for (times, kernel) in [
            (r#""as_of": 1000000000000000000"#, "6.12"),
            (r#""as_of": 5, "until": 4"#, "6.12"),
            (r#""as_of": 5"#, ""),
            (r#""as_of": 5"#, r"\u202e21.6"),
            (r#""as_of": 5"#, r"\u001b[31m"),
        ] {
            let run = format!(r#"{{"machine":"ivor","config":"c","kernel":"{kernel}"}}"#);
            fs::write(results.path().join(FILE), format!(r#"{{{times}, "runs": [{run}]}}"#))?;
            let (pending, problem) = Pending::read(results.path());
            assert!(problem.is_some() && pending.runs.is_empty(), "{times} {kernel}");
        }
        Ok(())
    }

    #[test]
    fn a_file_that_cannot_be_understood_is_a_problem() -> io::Result<()> {
        let results = tempfile::tempdir()?;
        fs::write(results.path().join(FILE), "{\n\"as_of\": \"now\"}")?;
        let (pending, problem) = Pending::read(results.path());
        assert_eq!(pending, Pending::default());
        let problem = problem.expect("a problem");
        assert_eq!((problem.path.as_str(), problem.line), (FILE, Some(2)));
        Ok(())
    }
}
