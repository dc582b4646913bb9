//! The simulated machines of sample-results: what was put into them, and the program that makes them.
//!
//! Nothing here was ever measured. The values are base × truth × noise; only sums, products and
//! quotients take part, so every machine makes the same bytes. To change the recipe and write the
//! files anew:
//!
//! ```sh
//! MELBOT_WRITE_SAMPLES=1 cargo test --test it simulated
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Kernels in the order in which they were run.
const KERNELS: [&str; 21] = [
    "6.1",
    "6.2",
    "6.3",
    "6.4",
    "6.5",
    "6.5.1",
    "6.5.2",
    "6.5.3",
    "6.6",
    "6.7",
    "6.8",
    "6.9",
    "6.9.1",
    "6.9.2",
    "6.9.3",
    "6.9.4",
    "6.10",
    "6.10-again",
    "6.11",
    "6.12",
    "6.13-rc1",
];
/// Start of the first run: 2023-01-01.
const START: u64 = 1_672_531_200;
/// From one run to the next.
const APART: u64 = 30 * 86_400;

/// What ran where.
struct Lab {
    machine: &'static str,
    config: &'static str,
    benchmark: &'static str,
    /// Operation and base value.
    operations: &'static [(&'static str, f64)],
    kernels: fn(&str) -> bool,
    /// Standard deviations from boot to boot and from kernel to kernel.
    noise: (f64, f64),
}

const STREAM: &[(&str, f64)] =
    &[("Copy", 18_250.0), ("Scale", 17_900.0), ("Add", 20_400.0), ("Triad", 20_150.0)];
const KERNBENCH: &[(&str, f64)] = &[("User", 612.0), ("System", 71.0), ("Elapsed", 184.0)];

const LABS: &[Lab] = &[
    Lab {
        machine: "simulated1",
        config: "workload-stream",
        benchmark: "stream",
        operations: STREAM,
        kernels: |kernel| kernel != "6.13-rc1",
        noise: (0.007, 0.003),
    },
    Lab {
        machine: "simulated2",
        config: "workload-stream",
        benchmark: "stream",
        operations: STREAM,
        kernels: |kernel| {
            ["6.1", "6.2", "6.3", "6.4", "6.5", "6.10", "6.11", "6.12"].contains(&kernel)
        },
        noise: (0.008, 0.003),
    },
    Lab {
        machine: "simulated1",
        config: "workload-kernbench",
        benchmark: "kernbench",
        operations: KERNBENCH,
        kernels: |kernel| kernel.matches('.').count() == 1 && kernel != "6.10-again",
        noise: (0.006, 0.002),
    },
];

/// A change on purpose: machines, operations, kernels, and what the values are multiplied by.
type Change = (&'static [&'static str], &'static [&'static str], fn(&str) -> bool, f64);

const BOTH: &[&str] = &["simulated1", "simulated2"];
const FIRST: &[&str] = &["simulated1"];

/// The truth. No two benchmarks have an operation of the same name.
const CHANGES: &[Change] = &[
    // stream: from 6.4 to 6.7; repaired in 6.8, and in its stable series by 6.5.3.
    (FIRST, &["Copy", "Scale"], |k| from("6.4", k) && !from("6.8", k) && k != "6.5.3", 0.90),
    // From 6.11 on, and brought to the stable series by 6.9.3.
    (BOTH, &["Add", "Triad"], |k| from("6.11", k) || k == "6.9.3" || k == "6.9.4", 0.91),
    // kernbench: faster from 6.5 on, slower from 6.9 on.
    (FIRST, &["System"], |k| from("6.5", k), 0.80),
    (FIRST, &["Elapsed"], |k| from("6.5", k), 0.97),
    (FIRST, &["Elapsed"], |k| from("6.9", k), 1.06),
    (FIRST, &["User"], |k| from("6.9", k), 1.05),
    // Too little for two boots to tell, and one boot that looks bad.
    (FIRST, &["System"], |k| from("6.11", k), 1.015),
    (FIRST, &["User", "System", "Elapsed"], |k| from("6.13-rc1", k), 1.09),
];

/// What a kernel does to an operation on a machine.
fn truth(machine: &str, operation: &str, kernel: &str) -> f64 {
    let meant = |(machines, operations, kernels, _): &&Change| {
        machines.contains(&machine) && operations.contains(&operation) && kernels(kernel)
    };
    CHANGES.iter().filter(meant).map(|(.., factor)| factor).product()
}

/// `true` for this kernel and those released later.
fn from(first: &str, kernel: &str) -> bool {
    place(kernel) >= place(first)
}

fn place(kernel: &str) -> usize {
    KERNELS.iter().position(|known| *known == kernel).unwrap()
}

/// One boot of the newest candidate, two of all others.
fn boots(kernel: &str) -> usize {
    if kernel == "6.13-rc1" { 1 } else { 2 }
}

/// About normal, with standard deviation 1: SplitMix64, twelve at a time.
struct Noise(u64);

impl Noise {
    /// Noise that depends on these words alone.
    fn of(words: &[&str]) -> Noise {
        let bytes = words.iter().flat_map(|word| word.bytes().chain([0]));
        // FNV-1a.
        Noise(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    fn next(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The values of a boot, in the order of the operations.
fn values(lab: &Lab, kernel: &str, boot: usize) -> Vec<f64> {
    let noise = |words: &[&str]| {
        let all: Vec<&str> = [lab.machine, lab.config].iter().chain(words).copied().collect();
        Noise::of(&all).next()
    };
    let number = boot.to_string();
    let shared = noise(&[kernel, &number]);
    let each = lab.operations.iter().map(|(operation, base)| {
        let own = noise(&[kernel, &number, operation]);
        let jitter = noise(&[kernel, "kernel", operation]);
        // Half of the variance between boots is what all operations have in common.
        let boot = 0.707 * (shared + own);
        base * truth(lab.machine, operation, kernel)
            * (1.0 + lab.noise.0 * boot + lab.noise.1 * jitter)
    });
    each.collect()
}

/// All files below sample-results, with what is in them.
pub fn files() -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    for lab in LABS {
        let meta = PathBuf::from(format!("{}/{}/_meta/config", lab.machine, lab.config));
        files.insert(meta, config(lab));
        for kernel in KERNELS.iter().filter(|kernel| (lab.kernels)(kernel)) {
            run(lab, kernel, &mut files);
        }
    }
    files
}

fn run(lab: &Lab, kernel: &str, files: &mut BTreeMap<PathBuf, String>) {
    let folder = PathBuf::from(format!("{}/{}/{kernel}", lab.machine, lab.config));
    let (mut now, name) = (START + place(kernel) as u64 * APART, lab.benchmark);
    let mut activity = format!("{now} run-mmtests: Start\n");
    for boot in 0..boots(kernel) {
        let iteration = folder.join(format!("iter-{boot}"));
        let (begin, end) = (now + 40, now + 640);
        activity += &format!(
            "{now} run-mmtests: Iteration {n} start\n\
             {begin} run-mmtests: test start :: {name} {begin}\n\
             {end} run-mmtests: test end :: {name} {end} 0\n\
             {end} run-mmtests: Iteration {n} end\n",
            n = boot + 1
        );
        let stamps = format!(
            "start :: {now}\ntest begin :: {name} {begin}\ntest end :: {name} {end} 0\n\
             finish :: {end}\n"
        );
        files.insert(iteration.join("tests-timestamp"), stamps);
        let values = values(lab, kernel, boot);
        let logs = iteration.join(name).join("logs");
        match values.as_slice() {
            [copy, scale, add, triad] => {
                files.insert(logs.join("benchlog-1-_-1"), stream([*copy, *scale, *add, *triad]));
            }
            [user, system, elapsed] => {
                files.insert(logs.join("time-4-1"), time(*user, *system, *elapsed));
            }
            _ => unreachable!("stream has four operations, kernbench three"),
        }
        now = end + 900;
    }
    let end = now - 890;
    activity += &format!("{end} run-mmtests: End\n{end} status :: 0\n");
    files.insert(folder.join("mmtests-activity"), activity);
    let first = folder.join("iter-0");
    files.insert(first.join("kernel.version"), version(lab.machine, kernel));
    files.insert(first.join("lscpu.txt"), CPU.to_owned());
}

/// What the page of a run shows of the machine.
const CPU: &str = "\
Architecture:                            x86_64
CPU(s):                                  4
Model name:                              none: simulated, drawn by a program, never measured
NUMA node(s):                            1
";

/// A run again is of the same kernel.
fn version(machine: &str, kernel: &str) -> String {
    let kernel = kernel.strip_suffix("-again").unwrap_or(kernel);
    let build = 1 + place(kernel);
    format!("Linux {machine} {kernel}-simulated #{build} SMP PREEMPT_DYNAMIC x86_64 GNU/Linux\n")
}

fn config(lab: &Lab) -> String {
    format!(
        "# Never run: the results beside it are simulated.\nexport MMTESTS=\"{}\"\n",
        lab.benchmark
    )
}

fn stream(rates: [f64; 4]) -> String {
    let line = "-------------------------------------------------------------\n";
    let mut log = format!("{line}STREAM version $Revision: 5.10 $ (simulated)\n{line}");
    log += "Function    Best Rate MB/s  Avg time     Min time     Max time\n";
    // Millions of bytes that one pass moves.
    let moved = [160.0, 160.0, 240.0, 240.0];
    for ((name, rate), moved) in ["Copy:", "Scale:", "Add:", "Triad:"].iter().zip(rates).zip(moved)
    {
        let best = moved / rate;
        log += &format!(
            "{name:<12}{rate:>11.1}  {:>11.6}  {best:>11.6}  {:>11.6}\n",
            best * 1.01,
            best * 1.04
        );
    }
    log + line
}

fn time(user: f64, system: f64, elapsed: f64) -> String {
    let percent = (100.0 * (user + system) / elapsed) as u64;
    let minutes = (elapsed / 60.0) as u64;
    let seconds = elapsed - 60.0 * minutes as f64;
    format!(
        "{user:.2}user {system:.2}system {minutes}:{seconds:05.2}elapsed {percent}%CPU \
         (0avgtext+0avgdata 318124maxresident)k\n\
         0inputs+0outputs (12major+913421minor)pagefaults 0swaps\n"
    )
}
