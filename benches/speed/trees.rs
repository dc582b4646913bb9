//! Result trees of any size, shaped like those that MMTests leaves. Same arguments, same bytes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

/// A stream of numbers that look like measurements (SplitMix64, Steele et al. 2014).
pub struct Noise(pub u64);

impl Noise {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About `centre`, within 5 %.
    pub fn near(&mut self, centre: f64) -> f64 {
        centre * (0.95 + 0.1 * self.unit())
    }
}

/// Name of the nth kernel: mainline releases, each followed by point releases.
pub fn kernel(n: usize) -> String {
    match n % 5 {
        0 => format!("6.{}", n / 5),
        point => format!("6.{}.{point}", n / 5),
    }
}

/// Writes one run of everyday size: five benchmarks, three iterations, about 300 logs.
pub fn everyday_run(root: &Path, config: &str, number: usize) -> io::Result<PathBuf> {
    let run = root.join("bench1").join(config).join(kernel(number));
    let mut noise = Noise(number as u64);
    frame(&run, number, &["perfpipe", "hackbench-process-pipes", "kernbench", "netperf-tcp"], 3)?;
    for iteration in 0..3 {
        let iteration = run.join(format!("iter-{iteration}"));
        environment(&iteration, number)?;
        for sample in 1..=20 {
            let text = perf_pipe(1.0, &mut noise);
            log(&iteration, "perfpipe", &format!("benchlog-_-_-{sample}"), &text)?;
        }
        for groups in 1..=16 {
            let text: String = (0..30).map(|_| hackbench_sample(1.0, &mut noise, groups)).collect();
            log(&iteration, "hackbench-process-pipes", &format!("hackbench-{groups}"), &text)?;
        }
        for jobs in [1, 2, 4, 8] {
            for sample in 1..=5 {
                log(
                    &iteration,
                    "kernbench",
                    &format!("time-{jobs}-{sample}"),
                    &gnu_time(1.0, &mut noise),
                )?;
            }
        }
        log(&iteration, "netperf-tcp", "protocols", "TCP_STREAM\n")?;
        for size in [64, 128, 256, 1024, 2048, 4096, 8192, 16384] {
            for sample in 1..=5 {
                let text = netperf(1.0, &mut noise, size);
                log(&iteration, "netperf-tcp", &format!("TCP_STREAM-{size}.{sample}"), &text)?;
            }
        }
    }
    Ok(run)
}

/// The configs of the sample data whose four kernels were each measured.
pub const REAL_CONFIGS: [&str; 5] = [
    "network-netperf-stream",
    "network-tbench",
    "scheduler-pipes",
    "workload-stream-single",
    "workload-syscalls",
];
/// The runs of each of them.
pub const REAL_RUNS: [&str; 4] =
    ["5.10.262-stable", "6.1.192-stable", "6.12.117-stable", "6.18.15-stable"];

/// Copies a real run, one of the four in turn, under the name of the nth kernel.
pub fn real_run(root: &Path, config: &str, number: usize) -> io::Result<PathBuf> {
    let run = root.join("tcg1").join(config).join(kernel(number));
    copy_real_run(config, number, &run)?;
    Ok(run)
}

/// Copies a real run, one of the four in turn, to a folder.
pub fn copy_real_run(config: &str, number: usize, to: &Path) -> io::Result<()> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-results/tcg1").join(config);
    copy(&sample.join(REAL_RUNS[number % REAL_RUNS.len()]), to)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Writes one run with `files` small logs in one iteration.
pub fn run_of_many_logs(root: &Path, number: usize, files: usize) -> io::Result<PathBuf> {
    let run = root.join("bench1/workload-kernbench").join(kernel(number));
    let mut noise = Noise(number as u64);
    frame(&run, number, &["kernbench"], 1)?;
    environment(&run.join("iter-0"), number)?;
    for file in 0..files {
        let name = format!("time-{}-{}", file / 50, 1 + file % 50);
        log(&run.join("iter-0"), "kernbench", &name, &gnu_time(1.0, &mut noise))?;
    }
    Ok(run)
}

/// Writes one run with `samples` samples of one operation in one compressed log.
pub fn run_of_many_samples(root: &Path, number: usize, samples: usize) -> io::Result<PathBuf> {
    let run = root.join("bench1/scheduler-hackbench").join(kernel(number));
    let mut noise = Noise(number as u64);
    frame(&run, number, &["hackbench-process-pipes"], 1)?;
    environment(&run.join("iter-0"), number)?;
    let logs = run.join("iter-0/hackbench-process-pipes/logs");
    fs::create_dir_all(&logs)?;
    let mut out = GzEncoder::new(File::create(logs.join("hackbench-4.gz"))?, Compression::fast());
    for _ in 0..samples {
        writeln!(out, "     Total time: {:.3} [sec]", noise.near(2.0))?;
    }
    out.finish()?;
    Ok(run)
}

pub fn perf_pipe(level: f64, noise: &mut Noise) -> String {
    format!(
        "# Running 'sched/pipe' benchmark:\n# Executed 2000 pipe operations between two \
         processes\n\n     Total time: 0.191 [sec]\n\n      {:.6} usecs/op\n          10436 ops/sec\n",
        noise.near(95.0 * level)
    )
}

pub fn hackbench_sample(level: f64, noise: &mut Noise, groups: u32) -> String {
    format!(
        "# Running 'sched/messaging' benchmark:\n# 20 sender and receiver processes per group\n\
         # {groups} groups == {} processes run\n\n     Total time: {:.3} [sec]\n",
        groups * 40,
        noise.near(level * f64::from(groups) / 10.0)
    )
}

pub fn gnu_time(level: f64, noise: &mut Noise) -> String {
    format!(
        "{:.2}user {:.2}system 0:{:05.2}elapsed 19%CPU (0avgtext+0avgdata 80960maxresident)k\n\
         3280inputs+3960outputs (29major+160503minor)pagefaults 0swaps\n",
        noise.near(4.0 * level),
        noise.near(0.6 * level),
        noise.near(23.0 * level)
    )
}

pub fn netperf(level: f64, noise: &mut Noise, size: u32) -> String {
    let mut text = String::from(
        "MIGRATED TCP STREAM TEST from 0.0.0.0 (0.0.0.0) port 0 AF_INET to 127.0.0.1 : demo\n",
    );
    for second in 1..=10 {
        text += &format!(
            "Interim result: {:.2} 10^6bits/s over 1.000 seconds ending at 17953{second:05}.000\n",
            noise.near(900.0 * level)
        );
    }
    text += "Recv   Send    Send\nSocket Socket  Message  Elapsed\nSize   Size    Size     Time     \
             Throughput\nbytes  bytes   bytes    secs.    10^6bits/sec\n\n";
    text + &format!("131072  16384  {size:>5}    10.00    {:.2}\n", noise.near(900.0 * level))
}

/// What a run has beside its logs.
pub fn frame(run: &Path, number: usize, benchmarks: &[&str], iterations: u32) -> io::Result<()> {
    fs::create_dir_all(run)?;
    let start = 1_700_000_000 + 10_000 * number as i64;
    let mut activity = format!("{start} run-mmtests: Start\n");
    for iteration in 0..iterations {
        activity += &format!("{start} run-mmtests: Iteration {} start\n", iteration + 1);
        for name in benchmarks {
            activity += &format!("{start} run-mmtests: test start :: {name} {start}\n");
            activity += &format!("{start} run-mmtests: test end :: {name} {start} 0\n");
        }
        activity += &format!("{start} run-mmtests: Iteration {} end\n", iteration + 1);
    }
    activity += &format!("{start} run-mmtests: End\n{start} status :: 0\n");
    fs::write(run.join("mmtests-activity"), activity)
}

fn environment(iteration: &Path, number: usize) -> io::Result<()> {
    fs::create_dir_all(iteration)?;
    let version = format!("Linux bench1 {} #1 SMP x86_64 GNU/Linux\n", kernel(number));
    fs::write(iteration.join("kernel.version"), version)?;
    fs::write(
        iteration.join("tests-timestamp"),
        "time :: kernbench 1.0 user 1.0 system 9.0 elapsed\n",
    )?;
    let dmesg: String = (0..400)
        .map(|line| format!("[{line:>5}.000000] pci 0000:00:{:02x}.0: BAR 0 assigned\n", line % 32))
        .collect();
    compressed(&iteration.join("dmesg.gz"), &dmesg)?;
    compressed(&iteration.join("lscpu.txt.gz"), "CPU(s):  8\nModel name:  Example\n")
}

pub fn log(iteration: &Path, benchmark: &str, name: &str, text: &str) -> io::Result<()> {
    let logs = iteration.join(benchmark).join("logs");
    fs::create_dir_all(&logs)?;
    fs::write(logs.join(name), text)
}

fn compressed(path: &Path, text: &str) -> io::Result<()> {
    let mut out = GzEncoder::new(File::create(path)?, Compression::default());
    out.write_all(text.as_bytes())?;
    out.finish().map(|_| ())
}
