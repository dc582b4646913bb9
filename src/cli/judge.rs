//! `melbot judge`: verdicts on series that did not come from MMTests.

mod tables;

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::Args;

use self::tables::Tables;
use super::{Ending, print};
use crate::analysis::alerts::{Standing, standing};
use crate::analysis::changes::{
    ChangeComparison, ChangeVerdict, Note, SeriesVerdicts, Settings, judge,
};

/// Judge any measurements that are in CSV files
///
/// DIR holds three files, each of which may also be compressed (.gz), with columns by name in any
/// order; a column `suite` keeps several sets apart, and other columns are ignored.
///
/// * kernels.csv: kernel, track, pos (place in the track), parent (the kernel it was made from)
/// * series.csv: series, machine, benchmark, better (lower or higher)
/// * samples.csv: series, kernel, boot, value
///
/// Prints a line for each kernel of each series. The direction is regression, improvement,
/// nochange or inconclusive, p the probability of a change in the direction of the effect, which is
/// positive where worse. The verdict tells a suspect (one boot) from what holds.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  melbot judge series/ > verdicts.csv")]
pub struct Judge {
    /// Folder with kernels.csv, series.csv and samples.csv
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

impl Judge {
    pub(super) fn run(self) -> anyhow::Result<Ending> {
        let tables = Tables::read(&self.dir)?;
        for warning in &tables.warnings {
            // Nothing can be done if this cannot be written.
            let _ = writeln!(io::stderr(), "melbot: left out: {warning}");
        }
        let data = tables.series();
        let judged = judge(&tables.tree, &data, &Settings::default());
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record([
            "suite",
            "series",
            "kernel",
            "direction",
            "p",
            "effect_pct",
            "low_pct",
            "high_pct",
            "verdict",
        ])?;
        for (name, verdicts) in tables.names.iter().zip(&judged) {
            for comparison in verdicts.comparisons.iter().filter(|c| c.parent.is_some()) {
                let Some(kernel) = tables.tree.kernels.get(comparison.kernel) else { continue };
                writer.write_record([
                    name.suite.as_str(),
                    name.series.as_str(),
                    kernel.name.as_str(),
                    direction(comparison),
                    &format!("{:.4}", comparison.probability),
                    &format!("{:.3}", comparison.effect_percent),
                    &percent(verdicts, comparison.interval.0),
                    &percent(verdicts, comparison.interval.1),
                    verdict(comparison),
                ])?;
            }
        }
        print(&String::from_utf8_lossy(&writer.into_inner()?))?;
        Ok(Ending::Fine)
    }
}

/// In percent as effects are, which are differences only where a value is 0 or negative.
fn percent(verdicts: &SeriesVerdicts, effect: f64) -> String {
    let share = match verdicts.notes.contains(&Note::IdentityScale) {
        true => effect,
        false => effect.abs().exp_m1() * effect.signum(),
    };
    format!("{:.3}", 100.0 * share)
}

/// A later step of a gradual change belongs to its first.
fn direction(comparison: &ChangeComparison) -> &'static str {
    match standing(comparison) {
        Some(_) if comparison.drifting => Standing::Inconclusive.direction(),
        Some(standing) => standing.direction(),
        None => "nochange",
    }
}

fn verdict(comparison: &ChangeComparison) -> &'static str {
    match comparison.verdict {
        ChangeVerdict::Regressed => "regressed",
        ChangeVerdict::Improved => "improved",
        ChangeVerdict::Suspect { .. } => "suspect",
        ChangeVerdict::NoChange => "no change",
        ChangeVerdict::Inconclusive { .. } | ChangeVerdict::First => "inconclusive",
    }
}
