//! One run: one kernel on one machine with one config, condensed to what pages and tables need.
//! The samples themselves stay in the store.

use serde::{Deserialize, Serialize};

use super::{Direction, Problem, SummaryKind, Watched};

/// What one run measured, how it went, and on what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Machine the kernel ran on.
    pub machine: String,
    /// MMTests config that was run.
    pub config: String,
    /// MMTests' name of the run, often the kernel.
    pub name: String,
    /// Folder of the run relative to the results folder, made printable.
    pub path: String,
    /// When its kernel was released, in seconds since 1970, if a git tree tells.
    #[serde(skip)]
    pub released: Option<i64>,
    /// Start and end, in seconds since 1970, as MMTests noted them.
    pub started: Option<i64>,
    /// See `started`; absent if the run did not finish.
    pub finished: Option<i64>,
    /// How it ended.
    pub outcome: Outcome,
    /// The kernel and the machine while it ran.
    pub environment: Environment,
    /// What melbot's client noted of it, if it was that which ran it.
    pub noted: Vec<Noted>,
    /// Benchmarks in the order in which they were run.
    pub benchmarks: Vec<Benchmark>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// MMTests wrote its end mark and status 0.
    Complete,
    /// MMTests finished with another status than 0.
    Failed,
    /// There is no end mark: killed, crashed, or still running.
    #[default]
    Unfinished,
}

/// The kernel and the machine, as the files of the first iteration tell it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// Facts under the names that pages show, in a fixed order.
    pub facts: Vec<(String, String)>,
    /// Options of the kernel's config and the like that may change a result: name of the list, and
    /// `NAME=value`, the most telling first.
    pub settings: Vec<(String, Vec<String>)>,
    /// What the kernel log says went wrong.
    pub kernel_warnings: Vec<KernelWarning>,
}

/// A line of what is known of a run that its logs do not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// What; names may be there several times, such as that of boots.
    pub name: String,
    /// How it was, as text.
    pub value: String,
}

/// Something that went wrong in the kernel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KernelWarning {
    /// The line of the kernel log.
    pub line: String,
    /// The first functions of the stack that follows it.
    pub stack: Vec<String>,
}

impl Environment {
    /// A fact by its name.
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Names of the facts of an [`Environment`], as pages show them.
pub mod facts {
    /// What `uname -a` says, without the host.
    pub const KERNEL: &str = "Kernel";
    /// Command line of the kernel.
    pub const COMMAND_LINE: &str = "Command line";
    /// Compiler that built the kernel.
    pub const COMPILER: &str = "Compiler";
    /// Mode of preemption.
    pub const PREEMPTION: &str = "Preemption";
    /// Active security modules.
    pub const SECURITY_MODULES: &str = "Security modules";
    /// Model of the CPU.
    pub const CPU: &str = "CPU";
    /// Number of logical CPUs.
    pub const CPUS: &str = "CPUs";
    /// Number of NUMA nodes.
    pub const NUMA_NODES: &str = "NUMA nodes";
    /// Revision of the microcode.
    pub const MICROCODE: &str = "Microcode";
    /// Distribution that was installed.
    pub const DISTRIBUTION: &str = "Distribution";
    /// Driver and governor of the CPUs' frequency.
    pub const FREQUENCY: &str = "Frequency";
    /// States of sleep of the CPUs.
    pub const SLEEP: &str = "C-states";
    /// I/O scheduler by disk.
    pub const IO_SCHEDULERS: &str = "I/O schedulers";
    /// Profile of tuned.
    pub const TUNED: &str = "tuned profile";
    /// List of the kernel's options.
    pub const KERNEL_CONFIG: &str = "Kernel config";
    /// List of the settings of sysctl.
    pub const SYSCTL: &str = "sysctl";
    /// Revision of MMTests.
    pub const MMTESTS: &str = "MMTests";
    /// Fingerprint of the MMTests config file, without comments and blanks.
    pub const CONFIG_FILE: &str = "Config file";
    /// Vulnerabilities of the CPU and what the kernel does about them.
    pub const VULNERABILITIES: &str = "Vulnerabilities";
}

/// One benchmark of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Benchmark {
    /// Name of its folder, such as `netperf-udp`.
    pub name: String,
    /// What it measures, for headings.
    pub title: String,
    /// How its samples are summarised.
    pub kind: SummaryKind,
    /// Digits after the decimal point.
    pub decimals: usize,
    /// Seconds of user, system and elapsed time of each iteration, with its number, as MMTests noted them.
    pub times: Vec<(u32, [f64; 3])>,
    /// Folders of its logs, one an iteration, relative to the results folder.
    pub logs: Vec<String>,
    /// Operations in order of first appearance.
    pub operations: Vec<Operation>,
    /// What MMTests' monitors saw meanwhile.
    pub watched: Vec<Watched>,
}

impl Benchmark {
    /// Seconds of user, system and elapsed time over all iterations.
    pub fn time(&self) -> Option<[f64; 3]> {
        let mut times = self.times.iter().map(|(_, time)| *time);
        let first = times.next()?;
        Some(times.fold(first, |sum, time| [0, 1, 2].map(|at| sum[at] + time[at])))
    }
}

/// One operation of a benchmark, its samples condensed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// `metric[-factorA][-factorB]`.
    pub name: String,
    /// Which way is better.
    pub direction: Direction,
    /// Unit of the values.
    pub unit: String,
    /// `true` if ratio tables show it.
    pub ratio: bool,
    /// Number of samples over all iterations.
    pub samples: u64,
    /// The figures of its summary kind, in MMTests' order; absent where undefined.
    pub statistics: Vec<Option<f64>>,
    /// MMTests' interval of the mean; absent with fewer than two samples.
    pub interval: Option<(f64, f64)>,
    /// Minimum, lower quartile, median, upper quartile, maximum.
    pub quartiles: [f64; 5],
    /// The iterations one by one.
    pub iterations: Vec<Iteration>,
}

/// Unit of the operations of which each value is a number of failures, or an exit status.
pub const FAILURES: &str = "failures";

impl Operation {
    /// `true` if it tells how often a functional test failed.
    pub fn is_test(&self) -> bool {
        self.unit == FAILURES
    }
}

/// The samples of one operation in one iteration, condensed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Iteration {
    /// N of `iter-N`.
    pub number: u32,
    /// Number of samples.
    pub samples: u64,
    /// Their mean: arithmetic where lower is better, else harmonic, as in MMTests.
    pub mean: f64,
    /// What verdicts rest on: the samples in their order, or medians of so many blocks of them that it
    /// stays short.
    pub digest: Vec<f64>,
}
