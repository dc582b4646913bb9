//! MMTests' own comparison of the same runs.
//!
//! Where the environment variable MELBOT_BENCH_MMTESTS names a checkout of MMTests, its
//! compare-kernels.sh is run beside melbot. It wants perl (File::Which, YAML::PP, GD), R, gnuplot,
//! python3 with scipy, and yq.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, iter};

use crate::{Bench, children, row, text, trees};

/// CPU seconds that compare-kernels.sh took for four kernels when it was last run here, and when.
const RECORDED: [(&str, f64); 2] = [("html", 37.7), ("text", 65.8)];
const RECORDED_ON: &str = "2026-11-24";

/// CPU time of melbot and of compare-kernels.sh, for the same report of the same kernels.
pub fn compare_kernels(bench: &Bench) -> io::Result<()> {
    let Some(mmtests) = env::var_os("MELBOT_BENCH_MMTESTS").map(PathBuf::from) else {
        println!(
            "compare-kernels.sh as it was on {RECORDED_ON}; MELBOT_BENCH_MMTESTS=DIR runs it now"
        );
        let runs = Runs::make(bench, 4)?;
        for (format, seconds) in RECORDED {
            report(4, format, runs.melbot(bench, format), Duration::from_secs_f64(seconds));
        }
        return Ok(());
    };
    for (kernels, format) in [(2, "html"), (4, "html"), (4, "text"), (8, "html"), (16, "html")] {
        let runs = Runs::make(bench, kernels)?;
        let reference = runs.reference(bench, &mmtests, format)?;
        report(kernels, format, runs.melbot(bench, format), reference);
    }
    Ok(())
}

fn report(kernels: usize, format: &str, melbot: Duration, reference: Duration) {
    let verb = if format == "html" { "site" } else { "compare" };
    row(&format!("CPU time, {verb}, {kernels} kernels (reference: {format})"), melbot, reference);
    println!("{:<52} {:>9.0} ×", "  faster", reference.as_secs_f64() / melbot.as_secs_f64());
}

/// Runs of one config of the sample data, repeated under other names where it has too few.
struct Runs {
    root: PathBuf,
    names: Vec<String>,
}

impl Runs {
    fn make(bench: &Bench, kernels: usize) -> io::Result<Runs> {
        let mut runs = Runs { root: bench.dir("reference"), names: Vec::new() };
        let _ = fs::remove_dir_all(&runs.root);
        for at in 0..kernels {
            let real = trees::REAL_RUNS[at % trees::REAL_RUNS.len()];
            let name = match at / trees::REAL_RUNS.len() {
                0 => real.to_owned(),
                copy => real.replace("stable", &format!("copy{copy}")),
            };
            trees::copy_real_run("scheduler-pipes", at, &runs.config().join(&name))?;
            runs.names.push(name);
        }
        Ok(runs)
    }

    fn config(&self) -> PathBuf {
        self.root.join("tcg1/scheduler-pipes")
    }

    /// From nothing, the quickest of five.
    fn melbot(&self, bench: &Bench, format: &str) -> Duration {
        let (store, site) = (bench.dir("reference-store"), bench.dir("reference-site"));
        let arguments = match format {
            "html" => vec!["site", text(&self.root), "-o", text(&site)],
            _ => vec!["compare", text(&self.root)],
        };
        let times = iter::repeat_with(|| {
            for old in [&store, &site] {
                let _ = fs::remove_dir_all(old);
            }
            bench.melbot(&arguments, &store).cpu
        });
        times.take(5).min().expect("five")
    }

    /// Once: it takes long enough.
    fn reference(&self, bench: &Bench, mmtests: &Path, format: &str) -> io::Result<Duration> {
        let (home, out) = (bench.dir("reference-home"), bench.dir("reference-out"));
        let _ = fs::remove_dir_all(&out);
        [&home, &out].iter().try_for_each(fs::create_dir_all)?;
        let printed = out.join("printed");
        let mut command = Command::new(mmtests.canonicalize()?.join("compare-kernels.sh"));
        if format == "html" {
            command.args(["--format", "html", "--output-dir", text(&out)]);
        }
        for (at, name) in self.names.iter().enumerate() {
            command.args([if at == 0 { "--baseline" } else { "--compare" }, name]);
        }
        let before = children().0;
        let status = command
            .current_dir(self.config())
            // It would install packages, and writes into the home folder.
            .env("ASSUME_PACKAGE_INSTALLED", "yes")
            .env("HOME", &home)
            .stdin(Stdio::null())
            .stdout(File::create(&printed)?)
            .stderr(Stdio::null())
            .status()?;
        let cost = children().0 - before;
        let report = String::from_utf8_lossy(&fs::read(&printed)?).into_owned();
        let figures = ["usecs-op", "Amean"].iter().all(|word| report.contains(word));
        let drawn = fs::read_dir(&out)?
            .flatten()
            .any(|entry| entry.path().extension().is_some_and(|extension| extension == "png"));
        let whole = figures && (drawn || format != "html");
        assert!(
            status.success() && whole,
            "compare-kernels.sh did not work: is all of it installed?"
        );
        Ok(cost)
    }
}
