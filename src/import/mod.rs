//! Results of other tools, on their way into a tree that melbot reads.
//!
//! Each source becomes [`ImportedRun`]s, which [`fn@write`] lays down as folders of runs with one documented
//! file of samples a benchmark; `mmtests/imported.rs` reads them. There is no other way into the store.

pub mod lkp;
mod meaning;
pub mod phoronix;
pub mod table;
mod tree;

use std::collections::BTreeMap;

use crate::model::Direction;

pub use meaning::{Wishes, better};
pub use tree::{How, Written, write};

/// A run of another tool.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportedRun {
    /// Machine it ran on.
    pub machine: String,
    /// What was run there, as a set: the config.
    pub config: String,
    /// Name of the run: the kernel, where it is known.
    pub name: String,
    /// When it was measured, in seconds since 1970.
    pub started: Option<i64>,
    /// What is known of kernel and machine.
    pub facts: BTreeMap<String, String>,
    /// Samples by iteration and benchmark.
    pub iterations: BTreeMap<u32, BTreeMap<String, Vec<Sample>>>,
}

/// A measured value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What was measured.
    pub operation: String,
    /// Unit of the value; may be empty.
    pub unit: String,
    /// Which way is better, where the source says so.
    pub better: Option<Direction>,
    /// When, or the how-manieth; samples without are numbered.
    pub interval: Option<f64>,
    /// The value.
    pub value: f64,
}

/// What was found in a source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The runs.
    pub runs: Vec<ImportedRun>,
    /// What was left out, and why: one line each.
    pub left_out: Vec<String>,
}

impl Found {
    /// The run of this place, which is added if it is new.
    fn run(&mut self, machine: &str, config: &str, name: &str) -> &mut ImportedRun {
        let is_it =
            |run: &ImportedRun| run.machine == machine && run.config == config && run.name == name;
        let at = self.runs.iter().position(is_it).unwrap_or_else(|| {
            self.runs.push(ImportedRun {
                machine: machine.to_owned(),
                config: config.to_owned(),
                name: name.to_owned(),
                ..ImportedRun::default()
            });
            self.runs.len() - 1
        });
        &mut self.runs[at]
    }

    /// Adds what else was found.
    pub fn append(&mut self, other: Found) {
        for run in other.runs {
            let known = self.run(&run.machine, &run.config, &run.name);
            known.started = known.started.or(run.started);
            known.facts.extend(run.facts);
            for (iteration, benchmarks) in run.iterations {
                let into = known.iterations.entry(iteration).or_default();
                for (benchmark, samples) in benchmarks {
                    into.entry(benchmark).or_default().extend(samples);
                }
            }
        }
        self.left_out.extend(other.left_out);
    }
}

/// More of a kind than is listed one by one becomes a number.
fn summed_up(what: &[String], noun: &str) -> Option<String> {
    const NAMED: usize = 5;
    let first: Vec<&str> = what.iter().take(NAMED).map(String::as_str).collect();
    match what.len() {
        0 => None,
        count if count > NAMED => {
            Some(format!("{noun}: {} and {} more", first.join(", "), count - NAMED))
        }
        _ => Some(format!("{noun}: {}", first.join(", "))),
    }
}
