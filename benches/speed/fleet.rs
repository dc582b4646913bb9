//! What a laboratory of some size has after a few years: 12 machines, 40 configs, 60 kernels. Same
//! arguments, same bytes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::trees::{self, Noise};

pub const MACHINES: usize = 12;
pub const CONFIGS: usize = 40;
pub const KERNELS: usize = 60;
/// Iterations of a run, each in a boot of its own.
const ITERATIONS: u32 = 3;

/// One run of one of the configs on one of the machines: 17 to 24 logs of one benchmark, 5 to 18
/// operations. Every third config changes at a kernel of its own, on all machines.
pub fn run(root: &Path, (machine, config, number): (usize, usize, usize)) -> io::Result<PathBuf> {
    let (benchmark, write) = KINDS[config % KINDS.len()];
    let folder = format!("machine{machine:02}/workload-{benchmark}-{config:02}");
    let run = root.join(folder).join(trees::kernel(number));
    let place = (machine * CONFIGS + config) as u64;
    let mut noise = Noise(place << 32 | number as u64);
    let mut event = Noise(config as u64);
    let changed = number > event.next() as usize % (KERNELS - 1);
    let size = if config.is_multiple_of(3) && changed { 0.3 * event.unit() - 0.15 } else { 0.0 };
    trees::frame(&run, number, &[benchmark], ITERATIONS)?;
    for iteration in 0..ITERATIONS {
        let iteration = run.join(format!("iter-{iteration}"));
        fs::create_dir_all(&iteration)?;
        let host = format!(
            "Linux machine{machine:02} {} #1 SMP x86_64 GNU/Linux\n",
            trees::kernel(number)
        );
        fs::write(iteration.join("kernel.version"), host)?;
        let time = format!(
            "time :: {benchmark} 100.00 user 20.00 system {:.2} elapsed\n",
            noise.near(90.0)
        );
        fs::write(iteration.join("tests-timestamp"), time)?;
        // Machines differ, boots a little.
        let level = (1.0 + 0.05 * machine as f64) * (size + 0.01 * (noise.unit() - 0.5)).exp();
        write(&iteration, level, &mut noise)?;
    }
    Ok(run)
}

type Kind = fn(&Path, f64, &mut Noise) -> io::Result<()>;

const KINDS: [(&str, Kind); 4] = [
    ("kernbench", |iteration, level, noise| {
        [1, 2, 4, 8, 16, 32].iter().try_for_each(|jobs| {
            let text = trees::gnu_time(level, noise);
            trees::log(iteration, "kernbench", &format!("time-{jobs}-1"), &text)
        })
    }),
    ("hackbench-process-pipes", |iteration, level, noise| {
        [1, 4, 7, 12, 21, 30, 48, 79].iter().try_for_each(|groups| {
            let text: String =
                (0..10).map(|_| trees::hackbench_sample(level, noise, *groups)).collect();
            trees::log(iteration, "hackbench-process-pipes", &format!("hackbench-{groups}"), &text)
        })
    }),
    ("netperf-tcp", |iteration, level, noise| {
        trees::log(iteration, "netperf-tcp", "protocols", "TCP_STREAM\n")?;
        [64, 128, 256, 1024, 2048, 4096, 8192].iter().try_for_each(|size| {
            let text = trees::netperf(level, noise, *size);
            trees::log(iteration, "netperf-tcp", &format!("TCP_STREAM-{size}.1"), &text)
        })
    }),
    ("perfpipe", |iteration, level, noise| {
        (1..=5).try_for_each(|sample| {
            let text = trees::perf_pipe(level, noise);
            trees::log(iteration, "perfpipe", &format!("benchlog-_-_-{sample}"), &text)
        })
    }),
];
