//! Benchmarks whose result is how long a command took, as GNU time tells it:
//! `time-<variant>-<iteration>` with a line like
//! `3.96user 0.66system 0:20.71elapsed 22%CPU (…)`.

use super::{Metric, Parsed, Shellpack, Source};
use crate::model::{Direction, SummaryKind};

/// Compiling a kernel, by the number of jobs.
pub const KERNBENCH: Shellpack = family("kernbench", "Kernel build");

const fn family(name: &'static str, title: &'static str) -> Shellpack {
    Shellpack {
        name,
        title,
        kind: SummaryKind::Multiops,
        decimals: 2,
        metrics: &[Metric { prefix: "", direction: Direction::Lower, unit: "s" }],
        parse,
    }
}

fn parse(source: &Source, out: &mut Parsed) {
    for (name, rest) in source.logs.between("time-", "") {
        let Some((variant, iteration)) = rest.rsplit_once('-') else { continue };
        let Ok(iteration) = iteration.parse::<u32>() else { continue };
        let Some(text) = out.read(&source.logs, name) else { continue };
        for (line, content) in text.lines().filter(|(_, content)| content.contains("elapsed")) {
            for (metric, ending) in [("User", "user"), ("System", "system"), ("Elapsed", "elapsed")]
            {
                let clock = content.split_whitespace().find_map(|word| word.strip_suffix(ending));
                match clock.and_then(seconds) {
                    Some(value) => {
                        let operation = format!("{metric}-{variant}");
                        out.add((&text, line), &operation, f64::from(iteration), value);
                    }
                    None => out.complain((&text, line), format!("no {ending} time in the line")),
                }
            }
        }
    }
}

/// `[[hours:]minutes:]seconds` in seconds.
fn seconds(clock: &str) -> Option<f64> {
    clock.split(':').try_fold(0.0, |total, part| Some(total * 60.0 + part.parse::<f64>().ok()?))
}
