//! Trees of results that are made for a test: kernbench on as many machines and kernels as it takes.

use std::fs;
use std::path::{Path, PathBuf};

/// Makes runs with a noise that is the same every time.
pub struct Grown {
    root: PathBuf,
    random: u64,
}

impl Grown {
    /// In this folder, with this seed.
    pub fn new(root: &Path, seed: u64) -> Grown {
        Grown { root: root.to_owned(), random: seed }
    }

    /// 1 give or take 1 %.
    fn noise(&mut self) -> f64 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        1.0 + 0.02 * ((self.random >> 33) as f64 / (1_u64 << 31) as f64 - 0.5)
    }

    /// Four iterations of a benchmark that GNU time measures, with three operations, each `factor`
    /// times as slow as it should be. Gives the folder of the run.
    pub fn run(
        &mut self,
        (machine, config, kernel): (&str, &str, &str),
        benchmark: &str,
        factor: f64,
    ) -> PathBuf {
        let run = self.root.join(machine).join(config).join(kernel);
        for iteration in 0..4 {
            let folder = run.join(format!("iter-{iteration}"));
            let logs = folder.join(benchmark).join("logs");
            fs::create_dir_all(&logs).unwrap();
            fs::write(folder.join("kernel.version"), format!("Linux {machine} {kernel} #1 SMP\n"))
                .unwrap();
            let boot = self.noise();
            for jobs in [1, 2] {
                for sample in 1..=2 {
                    let elapsed = 40.0 / f64::from(jobs) * factor * boot * self.noise();
                    let line =
                        format!("30.00user 2.00system 0:{elapsed:.2}elapsed 99%CPU (0avgtext)k\n");
                    fs::write(logs.join(format!("time-{jobs}-{sample}")), line).unwrap();
                }
            }
        }
        run
    }

    /// The kernel log of all iterations of a run.
    pub fn log(run: &Path, text: &str) {
        for iteration in 0..4 {
            fs::write(run.join(format!("iter-{iteration}/dmesg")), text).unwrap();
        }
    }
}
