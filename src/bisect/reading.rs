//! The result of a measurement that left logs of MMTests behind.

use std::path::Path;

use crate::mmtests::discover;
use crate::model::{Problem, Severity};
use crate::store;

/// The mean of an operation in each iteration of the run that lies in a folder.
///
/// # Errors
///
/// A sentence that says what is missing.
pub fn results(folder: &Path, benchmark: &str, operation: &str) -> Result<Vec<f64>, String> {
    let found = discover(folder);
    let [run] = found.runs.as_slice() else {
        return Err(format!("{} runs of MMTests where there should be one", found.runs.len()));
    };
    let run = store::read_without(run, None);
    let operations =
        run.benchmarks.iter().filter(|b| b.name == benchmark).flat_map(|b| &b.operations);
    let Some(found) = operations.into_iter().find(|found| found.name == operation) else {
        let problem = run.problems.first().map_or(String::new(), |p| format!(": {}", p.what));
        return Err(format!("the run has no {benchmark}/{operation}{problem}"));
    };
    let logs = format!("/{benchmark}/");
    let damaged = |p: &&Problem| p.severity > Severity::Note && p.path.contains(&logs);
    if let Some(problem) = run.problems.iter().find(damaged) {
        return Err(format!("{}: {}", problem.path, problem.what));
    }
    let means: Vec<f64> = found.iterations.iter().map(|iteration| iteration.mean).collect();
    if means.is_empty() {
        return Err(format!("{benchmark}/{operation} has no samples"));
    }
    Ok(means)
}
