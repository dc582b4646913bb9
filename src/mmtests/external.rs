//! Benchmarks without a reader of their own: MMTests' `parse-results` does it.
//!
//! The protocol: `parse-results LOGDIR` prints lines of `metric factorA factorB interval value extra`
//! separated by tabs, `_` for absent; `shellpack.yaml` beside it tells direction and summary kind.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use serde_json::Value;

use super::logs::{MAX_LOG_BYTES, Text};
use super::printable::{printable, quote};
use super::shellpack::Parsed;
use crate::model::{Direction, Problem, Severity, SummaryKind};

/// What `preferhigher` may say for "yes" in MMTests.
const YES: &[&str] = &["", "1", "higher", "true"];
/// Only the first line of what a parser complains of is shown.
const MAX_COMPLAINT_BYTES: u64 = 64 << 10;
/// How often a parser that has printed everything is looked at, until it ends.
const POLL: Duration = Duration::from_millis(5);

/// A checkout of MMTests whose parsers may be run.
#[derive(Clone, Debug)]
pub struct External {
    /// The checkout.
    pub mmtests: PathBuf,
    /// How long one parser may take.
    pub time_limit: Duration,
}

/// What `shellpack.yaml` says about a benchmark.
#[derive(Clone, Debug)]
pub struct ForeignBenchmark {
    /// Heading.
    pub title: String,
    /// How samples are summarised.
    pub kind: SummaryKind,
    /// Digits after the decimal point.
    pub decimals: usize,
    parser: PathBuf,
    time_limit: Duration,
    direction: Direction,
    metrics: Vec<(String, Option<Direction>, String)>,
}

impl External {
    /// Changes with the parsers, their descriptions and the time they may take: what one of them
    /// made of a log under other conditions must not be taken for what it makes of it now.
    pub fn fingerprint(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.mmtests.as_os_str().as_encoded_bytes());
        hasher.update(&self.time_limit.as_nanos().to_le_bytes());
        let folders = fs::read_dir(self.mmtests.join("shellpack_src/src")).into_iter().flatten();
        let mut folders: Vec<PathBuf> = folders.flatten().map(|entry| entry.path()).collect();
        folders.sort();
        for folder in folders {
            for file in ["parse-results", "shellpack.yaml"].map(|name| folder.join(name)) {
                let Ok(about) = fs::metadata(&file) else { continue };
                hasher.update(file.as_os_str().as_encoded_bytes());
                let times = [about.mtime(), about.mtime_nsec(), about.ctime(), about.ctime_nsec()];
                for number in [about.len() as i64, i64::from(about.mode())].iter().chain(&times) {
                    hasher.update(&number.to_le_bytes());
                }
            }
        }
        hasher.finalize()
    }

    /// Looks a benchmark up; the error says what is missing.
    pub fn describe(&self, benchmark: &str) -> Result<ForeignBenchmark, String> {
        let folder = self
            .folder(benchmark)
            .ok_or_else(|| format!("MMTests has no benchmark for {benchmark:?} either"))?;
        let description = folder.join("shellpack.yaml");
        let text = std::fs::read_to_string(&description)
            .map_err(|error| format!("{}: {error}", description.display()))?;
        let yaml: HashMap<String, Value> = serde_saphyr::from_str(&text).map_err(|error| {
            // The other lines draw a picture of the place.
            format!("{}: {}", description.display(), first_line(error.to_string().as_bytes()))
        })?;
        Ok(self.benchmark(benchmark, folder.join("parse-results"), &yaml))
    }

    /// The folder of the benchmark, taking endings off at hyphens until there is one.
    fn folder(&self, benchmark: &str) -> Option<PathBuf> {
        let all = self.mmtests.join("shellpack_src/src");
        let mut name = benchmark;
        loop {
            let folder = all.join(name);
            // A name with a slash, or `..`, must not lead anywhere else.
            let plain = !name.is_empty() && !name.contains('/') && !name.starts_with('.');
            if plain && folder.join("parse-results").is_file() {
                return Some(folder);
            }
            name = &name[..name.rfind('-')?];
        }
    }

    fn benchmark(
        &self,
        name: &str,
        parser: PathBuf,
        yaml: &HashMap<String, Value>,
    ) -> ForeignBenchmark {
        let top_direction = match yaml.get("preferhigher") {
            Some(value) if says_yes(value) => Direction::Higher,
            _ => Direction::Lower,
        };
        let kind = yaml.get("summarise").and_then(Value::as_str).and_then(SummaryKind::from_name);
        let decimals = yaml.get("DecimalPlaces").and_then(Value::as_u64).unwrap_or(2).min(12);
        let mut metrics: Vec<(String, Option<Direction>, String)> = yaml
            .iter()
            .filter_map(|(metric, about)| {
                let about = about.as_object()?;
                let higher = about.get("preferhigher").is_some_and(says_yes);
                let unit = about.get("units").and_then(Value::as_str).map_or("", unit);
                Some((metric.clone(), higher.then_some(Direction::Higher), unit.to_owned()))
            })
            .collect();
        // The longest name that fits an operation is meant.
        metrics.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
        ForeignBenchmark {
            title: name.to_owned(),
            kind: kind.unwrap_or(SummaryKind::Multiops),
            // At most 12, see above.
            decimals: decimals as usize,
            parser,
            time_limit: self.time_limit,
            direction: top_direction,
            metrics,
        }
    }
}

fn says_yes(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(yes) => *yes,
        Value::Number(number) => number.as_i64() == Some(1),
        Value::String(word) => YES.contains(&word.to_lowercase().as_str()),
        _ => false,
    }
}

/// What MMTests' constants for units mean.
fn unit(constant: &str) -> &'static str {
    match constant {
        "TIME_NSECONDS" => "ns",
        "TIME_USECONDS" | "TIME_USECONDS_PER_OP" => "µs",
        "TIME_MSECONDS" => "ms",
        "TIME_SECONDS" => "s",
        "KBYTES" => "KiB",
        "KBYTES_PER_SECOND" => "kB/s",
        "KiBYTES_PER_SECOND" => "KiB/s",
        "MBYTES_PER_SECOND" => "MB/s",
        "GBYTES_PER_SECOND" => "GB/s",
        "MBITS_PER_SECOND" => "Mbit/s",
        "OPS_PER_SECOND" | "BOPS_PER_SECOND" => "ops/s",
        "KOPS_PER_SECOND" => "kops/s",
        "OPS_PER_MINUTE" => "ops/min",
        "OPS_PER_HOUR" => "ops/h",
        "TRANS_PER_SECOND" => "transactions/s",
        "PERCENTAGE" | "TIME_PERCENTAGE" | "OPS_PERCENTAGE" => "%",
        "FAILURES" => "failures",
        _ => "",
    }
}

impl ForeignBenchmark {
    /// Direction and unit of an operation.
    pub fn operation(&self, name: &str) -> (Direction, &str) {
        match self.metrics.iter().find(|(metric, ..)| name.starts_with(metric.as_str())) {
            Some((_, direction, unit)) => (direction.unwrap_or(self.direction), unit),
            None => (self.direction, ""),
        }
    }

    /// Runs the parser over a folder of logs.
    pub fn parse(&self, logs: &Path, shown: &str, out: &mut Parsed) {
        let result = Run::start(&self.parser, logs).and_then(|run| run.finish(self.time_limit));
        match result {
            Ok(output) => {
                if !output.complaint.is_empty() {
                    out.problems.push(self.problem(Severity::Warning, shown, output.complaint));
                }
                parse_protocol(&Text::new(shown, output.rows), out);
            }
            Err(what) => out.problems.push(self.problem(Severity::Error, shown, what)),
        }
    }

    fn problem(&self, severity: Severity, shown: &str, what: String) -> Problem {
        Problem {
            severity,
            path: shown.to_owned(),
            line: None,
            what: format!("MMTests' parser: {what}"),
            remedy: format!(
                "run {} {} by hand",
                for_shell(&printable(self.parser.as_os_str())),
                for_shell(shown)
            ),
        }
    }
}

/// Reads the rows of the protocol.
pub fn parse_protocol(text: &Text, out: &mut Parsed) {
    let mut name = String::new();
    for (line, content) in text.lines() {
        let mut fields = content.split('\t');
        let mut field = || fields.next().unwrap_or("");
        let (metric, factors) = (field(), [field(), field()]);
        let (interval, value, extra) = (field(), field(), field());
        if metric.is_empty() {
            continue;
        }
        name.clear();
        name.push_str(metric);
        for factor in factors.into_iter().filter(|factor| !matches!(*factor, "" | "_")) {
            name.push('-');
            name.push_str(factor);
        }
        match (interval.trim().parse(), value.trim().parse()) {
            (Ok(interval), Ok(value)) if extra.starts_with('R') => {
                out.add_ratio((text, line), &name, interval, value);
            }
            (Ok(interval), Ok(value)) => out.add((text, line), &name, interval, value),
            _ => {
                let (value, name) = (quote(value, 60), quote(&name, 60));
                out.complain((text, line), format!("{value:?} of {name:?} is no number"));
            }
        }
    }
}

/// A word that a shell takes as it is: the command is there to be copied, and names come from
/// foreign machines.
fn for_shell(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A parser at work, in a process group of its own so that its children can be stopped with it.
struct Run {
    child: Child,
    stdout: mpsc::Receiver<Vec<u8>>,
    stderr: mpsc::Receiver<Vec<u8>>,
}

struct Output {
    rows: Vec<u8>,
    complaint: String,
}

impl Run {
    fn start(parser: &Path, logs: &Path) -> Result<Run, String> {
        let logs = logs.canonicalize().map_err(|error| error.to_string())?;
        let mut child = Command::new(parser)
            .arg(logs)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", parser.display()))?;
        let stdout = drain(child.stdout.take(), MAX_LOG_BYTES, true);
        let stderr = drain(child.stderr.take(), MAX_COMPLAINT_BYTES, false);
        Ok(Run { child, stdout, stderr })
    }

    fn finish(mut self, time_limit: Duration) -> Result<Output, String> {
        let deadline = Instant::now().checked_add(time_limit);
        let rows = match self.stdout.recv_timeout(time_limit) {
            Ok(rows) => rows,
            Err(RecvTimeoutError::Timeout) => return Err(self.too_slow(time_limit)),
            Err(RecvTimeoutError::Disconnected) => Vec::new(),
        };
        if rows.len() as u64 >= MAX_LOG_BYTES {
            self.stop();
            return Err(format!("printed more than {} MiB", MAX_LOG_BYTES >> 20));
        }
        // Its output has ended, it need not have.
        while !self.has_ended() {
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(self.too_slow(time_limit));
            }
            thread::sleep(POLL);
        }
        let status = self.stop().ok_or("it cannot be told how it ended")?;
        let complaint = self.stderr.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
        let mut complaint = first_line(&complaint);
        if !status.success() && complaint.is_empty() {
            complaint = format!("ended with {status}");
        }
        Ok(Output { rows, complaint })
    }

    fn too_slow(&mut self, time_limit: Duration) -> String {
        self.stop();
        format!(
            "stopped after {} seconds; parser_seconds in melbot.toml gives it more",
            time_limit.as_secs()
        )
    }

    fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        let ended = self.group().map(|pid| waitid(WaitId::Pid(pid), options));
        // Where nothing can be found out, waiting for it settles the matter.
        !matches!(ended, Some(Ok(None)))
    }

    /// Stops it and all its children that are left, and tells how it ended. Until it was waited for,
    /// its number cannot be that of another group.
    fn stop(&mut self) -> Option<ExitStatus> {
        if let Some(group) = self.group() {
            // All of it may have ended meanwhile, which is what we want.
            let _ = kill_process_group(group, Signal::KILL);
        }
        self.child.wait().ok()
    }

    fn group(&self) -> Option<Pid> {
        Pid::from_raw(self.child.id().cast_signed())
    }
}

/// Reads a pipe to its end in a thread and keeps at most so many bytes of it. Where not `all` of it
/// matters, the rest is thrown away, lest the program die of a closed pipe.
fn drain(
    pipe: Option<impl Read + Send + 'static>,
    limit: u64,
    all: bool,
) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // An error ends the output as its end does.
            let _ = pipe.by_ref().take(limit).read_to_end(&mut bytes);
            if !all {
                let _ = io::copy(&mut pipe, &mut io::sink());
            }
        }
        // Nobody listens any more if the parser was stopped.
        let _ = sender.send(bytes);
    });
    receiver
}

fn first_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    quote(text.lines().find(|line| !line.trim().is_empty()).unwrap_or(""), 300)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    fn checkout(parser: &str) -> (tempfile::TempDir, External) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let bench = dir.path().join("shellpack_src/src/newbench");
        fs::create_dir_all(&bench).expect("writable");
        fs::write(
            bench.join("shellpack.yaml"),
            "summarise: Singleops\nDecimalPlaces: 4\ntput:\n  units: MBYTES_PER_SECOND\n  preferhigher: true\n",
        )
        .expect("writable");
        let script = bench.join("parse-results");
        fs::write(&script, format!("#!/bin/sh\n{parser}\n")).expect("writable");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("ours");
        let external =
            External { mmtests: dir.path().to_owned(), time_limit: Duration::from_millis(500) };
        (dir, external)
    }

    fn parse(parser: &str) -> Parsed {
        let (dir, external) = checkout(parser);
        let mut out = Parsed::default();
        external.describe("newbench-fast").expect("it is there").parse(
            dir.path(),
            "logs",
            &mut out,
        );
        out
    }

    #[test]
    fn a_description_gives_kind_digits_direction_and_unit() {
        let (_dir, external) = checkout("");
        let bench = external.describe("newbench").expect("it is there");
        assert_eq!((bench.kind, bench.decimals), (SummaryKind::Singleops, 4));
        assert_eq!(bench.operation("tput-4"), (Direction::Higher, "MB/s"));
        assert_eq!(bench.operation("other"), (Direction::Lower, ""));
        assert!(external.describe("../etc").is_err());
    }

    #[test]
    fn what_is_to_be_copied_into_a_shell_does_no_harm() {
        assert_eq!(for_shell("a'$(rm -r ~)"), r"'a'\''$(rm -r ~)'");
    }

    #[test]
    fn rows_become_samples() {
        let out = parse("printf 'tput\\t4\\t_\\t1\\t2.5\\tR\\nbad\\t_\\t_\\t1\\tx\\t_\\n'; exit 0");
        assert_eq!(out.samples.series()[0].operation, "tput-4");
        assert_eq!(out.samples.series()[0].values, [2.5]);
        assert!(out.samples.series()[0].ratio);
        assert_eq!(out.problems.len(), 1);
    }

    #[test]
    fn a_parser_that_fails_or_hangs_is_a_problem() {
        assert_eq!(parse("echo broken >&2; exit 3").problems[0].what, "MMTests' parser: broken");
        assert!(parse("sleep 60 & sleep 60").problems[0].what.contains("stopped after"));
        let silent = parse("exec >&- 2>&-; sleep 60");
        assert!(silent.problems[0].what.contains("stopped after"), "{:?}", silent.problems);
    }
}
