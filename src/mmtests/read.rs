//! Reading one run: how it went, what it ran on, and all its samples.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::activity::{Activity, is_plain, parse_activity, parse_ends, parse_times};
use super::discover::{FoundRun, describe, iteration_number, misnamed};
use super::environment;
use super::external::{External, ForeignBenchmark};
use super::imported::{Imported, ImportedBenchmark, SAMPLES};
use super::logs::{Logs, Text, refusals, refused};
use super::monitor::{self, Iteration};
use super::noted;
use super::printable::printable;
use super::shellpack::{self, Parsed, Shellpack, Source};
use crate::model::{
    Direction, Environment, Noted, Outcome, Problem, Series, Severity, SummaryKind, Watched, facts,
    natural_cmp,
};

/// A run as its logs tell it.
#[derive(Debug)]
pub struct ReadRun {
    /// Start and end, in seconds since 1970.
    pub started: Option<i64>,
    /// See `started`; absent without an end mark.
    pub finished: Option<i64>,
    /// How it ended.
    pub outcome: Outcome,
    /// The kernel and the machine.
    pub environment: Environment,
    /// What melbot's client noted of it.
    pub noted: Vec<Noted>,
    /// Benchmarks in the order in which they ran.
    pub benchmarks: Vec<BenchmarkSamples>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// The system refused some of it, which may be there at the next look.
    pub refused: bool,
}

/// The samples of one benchmark over all iterations of a run.
#[derive(Debug)]
pub struct BenchmarkSamples {
    /// Name of its folder.
    pub name: String,
    /// What is known about the benchmark.
    pub meaning: Meaning,
    /// User, system and elapsed seconds of each iteration, with its number.
    pub times: Vec<(u32, [f64; 3])>,
    /// What the monitors saw meanwhile.
    pub watched: Vec<Watched>,
    /// Folders of its logs relative to the results folder, printable.
    pub logs: Vec<String>,
    /// Number of each iteration and what it measured.
    pub iterations: Vec<(u32, Vec<Series>)>,
}

/// What is known about a benchmark: from melbot's own table, or from a foreign description.
#[derive(Debug)]
pub enum Meaning {
    /// One that melbot reads itself.
    Native(&'static Shellpack),
    /// One that an external program reads.
    Foreign(ForeignBenchmark),
    /// One of another tool, with its samples in a table.
    Imported(ImportedBenchmark),
}

impl Meaning {
    /// Heading.
    pub fn title(&self) -> &str {
        match self {
            Meaning::Native(shellpack) => shellpack.title,
            Meaning::Foreign(foreign) => &foreign.title,
            Meaning::Imported(imported) => &imported.title,
        }
    }

    /// How samples are summarised.
    pub fn kind(&self) -> SummaryKind {
        match self {
            Meaning::Native(shellpack) => shellpack.kind,
            Meaning::Foreign(foreign) => foreign.kind,
            Meaning::Imported(_) => SummaryKind::Multiops,
        }
    }

    /// Digits after the decimal point.
    pub fn decimals(&self) -> usize {
        match self {
            Meaning::Native(shellpack) => shellpack.decimals,
            Meaning::Foreign(foreign) => foreign.decimals,
            Meaning::Imported(_) => 2,
        }
    }

    /// Direction and unit of an operation.
    pub fn operation(&self, name: &str) -> (Direction, &str) {
        match self {
            Meaning::Native(shellpack) => {
                let metric = shellpack.metric(name);
                (metric.direction, metric.unit)
            }
            Meaning::Foreign(foreign) => foreign.operation(name),
            Meaning::Imported(imported) => imported.operation(name),
        }
    }
}

/// MMTests' own notes on a run are a few kB.
const MAX_NOTE_BYTES: u64 = 1 << 20;

/// Reads a run. Never fails as a whole: what cannot be read becomes a problem, beside those that
/// were `found` with the run.
pub fn read_run(found: &FoundRun, external: Option<&External>) -> ReadRun {
    let before = refusals();
    let mut read = read_all(found, external);
    // A run that was moved away meanwhile was not all there.
    read.refused = refusals() > before || !found.dir.is_dir();
    read
}

fn read_all(found: &FoundRun, external: Option<&External>) -> ReadRun {
    let mut reader = Reader { found, external, problems: Vec::new() };
    let iterations = reader.iterations();
    let run = Logs::open(&found.dir, found.path.clone()).ok();
    if let Some(imported) = run.as_ref().and_then(Imported::of) {
        return reader.imported(imported, &iterations);
    }
    let activity = reader.activity(&iterations);
    let noted = run.as_ref().map_or_else(Vec::new, noted::read);
    let mut environment = iterations.first().map_or(Environment::default(), |first| {
        environment::read(run.as_ref(), &first.logs, &mut reader.problems)
    });
    // A client copies MMTests without its git, so that only the client knows its revision.
    let revision = noted.iter().find(|noted| noted.name == facts::MMTESTS);
    if let Some(revision) = revision.filter(|_| environment.fact(facts::MMTESTS).is_none()) {
        environment.facts.push((facts::MMTESTS.to_owned(), revision.value.clone()));
    }
    let benchmarks = reader.benchmarks(&activity, &iterations);
    ReadRun {
        started: activity.started,
        finished: activity.finished,
        outcome: outcome(&activity),
        environment,
        noted,
        benchmarks,
        problems: reader.problems,
        refused: false,
    }
}

fn outcome(activity: &Activity) -> Outcome {
    match (activity.finished, activity.status) {
        (Some(_), None | Some(0)) => Outcome::Complete,
        (Some(_), Some(_)) => Outcome::Failed,
        (None, _) => Outcome::Unfinished,
    }
}

/// One `iter-N` folder.
struct IterationFolder {
    number: u32,
    dir: PathBuf,
    logs: Logs,
    times: HashMap<String, [f64; 3]>,
    /// When benchmarks ended, in seconds since 1970.
    ends: HashMap<String, f64>,
}

struct Reader<'r> {
    found: &'r FoundRun,
    external: Option<&'r External>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn complain(
        &mut self,
        severity: Severity,
        path: String,
        line: Option<u64>,
        what: String,
        remedy: &str,
    ) {
        self.problems.push(Problem { severity, path, line, what, remedy: remedy.to_owned() });
    }

    /// A run of another tool. That it was imported tells that it ended.
    fn imported(mut self, imported: Imported, iterations: &[IterationFolder]) -> ReadRun {
        let benchmarks = self.benchmarks(&Activity::default(), iterations);
        let facts = imported.facts.into_iter().collect();
        ReadRun {
            started: imported.started,
            finished: None,
            outcome: Outcome::Complete,
            environment: Environment { facts, ..Environment::default() },
            noted: Vec::new(),
            benchmarks,
            problems: self.problems,
            refused: false,
        }
    }

    /// The `iter-N` folders in the order of N.
    fn iterations(&mut self) -> Vec<IterationFolder> {
        let mut folders: Vec<(u32, PathBuf, String)> = Vec::new();
        for (name, dir) in list(&self.found.dir) {
            match iteration_number(&name) {
                Some(number) => folders.push((number, dir, name)),
                None if name.starts_with("iter-") => {
                    self.problems.push(misnamed(self.shown(&name)));
                }
                None => {}
            }
        }
        folders.sort();
        self.judge_numbers(folders.iter().map(|(number, ..)| *number));
        folders
            .into_iter()
            .filter_map(|(number, dir, name)| {
                let shown = self.shown(&name);
                let logs = self.open(&dir, shown)?;
                let stamps = self.note(&logs, "tests-timestamp");
                let times = stamps.as_ref().map(parse_times).unwrap_or_default();
                let ends = stamps.as_ref().map(parse_ends).unwrap_or_default();
                Some(IterationFolder { number, dir, logs, times, ends })
            })
            .collect()
    }

    /// Says so if an iteration is missing; MMTests counts from 0.
    fn judge_numbers(&mut self, numbers: impl Iterator<Item = u32>) {
        let gap = (0..).zip(numbers).find(|(expected, number)| expected != number);
        if let Some((expected, number)) = gap {
            let what = format!("iter-{expected} is missing, although iter-{number} is there");
            let remedy = "copy the whole folder of the run from work/log, or repeat the run";
            self.complain(Severity::Warning, self.found.path.clone(), None, what, remedy);
        }
    }

    /// One of MMTests' own files, if it is there.
    fn note(&mut self, logs: &Logs, name: &str) -> Option<Text> {
        let (text, problem) = logs.read_start(name, MAX_NOTE_BYTES)?;
        self.problems.extend(problem);
        Some(text)
    }

    /// A path inside the run, as people see it.
    fn shown(&self, inside: &str) -> String {
        match self.found.path.as_str() {
            "" => inside.to_owned(),
            run => format!("{run}/{inside}"),
        }
    }

    fn open(&mut self, dir: &Path, shown: String) -> Option<Logs> {
        match Logs::open(dir, shown.clone()) {
            Ok(logs) => Some(logs),
            Err(error) => {
                let what = format!("cannot be listed: {}", describe(&error));
                self.complain(
                    Severity::Error,
                    shown,
                    None,
                    what,
                    "make the folder readable for the user who runs melbot",
                );
                None
            }
        }
    }

    /// The activity of the whole run, or that of its iterations where only they have one.
    fn activity(&mut self, iterations: &[IterationFolder]) -> Activity {
        let whole = Logs::open(&self.found.dir, self.found.path.clone())
            .ok()
            .and_then(|logs| self.note(&logs, "mmtests-activity"));
        match whole.or_else(|| self.activity_of(iterations)) {
            Some(text) => {
                let activity = parse_activity(&text);
                self.judge_activity(text.path(), &activity);
                activity
            }
            None => {
                self.complain(
                    Severity::Warning,
                    self.found.path.clone(),
                    None,
                    "neither mmtests-activity nor tests-activity: cannot tell when it ran, or \
                     whether it finished"
                        .to_owned(),
                    "copy the whole folder of the run from work/log",
                );
                Activity::default()
            }
        }
    }

    /// What the iterations noted, one after the other.
    fn activity_of(&mut self, iterations: &[IterationFolder]) -> Option<Text> {
        let parts: Vec<Text> = iterations
            .iter()
            .filter_map(|iteration| self.note(&iteration.logs, "tests-activity"))
            .collect();
        let path = parts.first()?.path().to_owned();
        let all: String = parts.iter().map(Text::as_str).collect();
        Some(Text::new(path, all.into_bytes()))
    }

    fn judge_activity(&mut self, path: &str, activity: &Activity) {
        let path = path.to_owned();
        if let Some(line) = activity.garbled {
            let what = "a line starts a benchmark of which no folder can have the name".to_owned();
            let remedy = "copy the file again from the test machine";
            self.complain(Severity::Warning, path.clone(), Some(line), what, remedy);
        }
        for (line, name, status) in &activity.failures {
            let what = format!("{name} ended with status {status}");
            let remedy = "read its mmtests.log, and repeat the run";
            self.complain(Severity::Warning, path.clone(), Some(*line), what, remedy);
        }
        for (line, name) in &activity.unfinished {
            let what = format!("{name} was started and never ended: its results are incomplete");
            let remedy = "repeat the run; the console log may tell what happened";
            self.complain(Severity::Error, path.clone(), Some(*line), what, remedy);
        }
        if activity.started.is_none() {
            let what = "no line of MMTests in it: cannot tell when it ran, or whether it finished";
            let remedy = "copy the file again from the test machine, or repeat the run";
            self.complain(Severity::Warning, path, None, what.to_owned(), remedy);
        } else if activity.finished.is_none() {
            let what = "no end mark: the run was killed, crashed, or is still going on".to_owned();
            self.complain(Severity::Warning, path, None, what, "wait for it, or repeat it");
        } else if let Some(status) = activity.status.filter(|status| *status != 0) {
            let what = format!("MMTests ended with status {status}");
            self.complain(Severity::Warning, path, None, what, "read its console log");
        }
    }

    /// All benchmarks: those of the activity file in its order, then any others by name.
    fn benchmarks(
        &mut self,
        activity: &Activity,
        iterations: &[IterationFolder],
    ) -> Vec<BenchmarkSamples> {
        let mut names = activity.benchmarks.clone();
        let mut folders: Vec<String> = Vec::new();
        for iteration in iterations {
            for (name, dir) in list(&iteration.dir) {
                if !dir.join("logs").is_dir() {
                    continue;
                }
                if is_plain(&name) && dir.file_name() == Some(OsStr::new(&name)) {
                    folders.push(name);
                    continue;
                }
                let path = format!("{}/{name}", iteration.logs.path());
                let what = "a name that no benchmark has: its results were left out".to_owned();
                self.complain(Severity::Error, path, None, what, "rename the folder");
            }
        }
        folders.sort_by(|a, b| natural_cmp(a, b));
        folders.dedup();
        for name in folders {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.into_iter().filter_map(|name| self.benchmark(name, iterations)).collect()
    }

    fn benchmark(
        &mut self,
        name: String,
        iterations: &[IterationFolder],
    ) -> Option<BenchmarkSamples> {
        let meaning = self.meaning(&name, iterations)?;
        let mut benchmark = BenchmarkSamples {
            name,
            meaning,
            times: Vec::new(),
            watched: Vec::new(),
            logs: Vec::new(),
            iterations: Vec::new(),
        };
        for iteration in iterations {
            self.iteration(iteration, &mut benchmark);
            let time = iteration.times.get(&benchmark.name);
            benchmark.times.extend(time.map(|time| (iteration.number, *time)));
        }
        let folders = iterations.iter().map(|iteration| {
            let took = iteration.times.get(&benchmark.name).map(|[_, _, elapsed]| *elapsed);
            let ended = took.zip(iteration.ends.get(&benchmark.name).copied());
            Iteration { number: iteration.number, logs: &iteration.logs, ended }
        });
        benchmark.watched = monitor::watched(&benchmark.name, folders, &mut self.problems);
        self.judge_samples(&benchmark);
        Some(benchmark)
    }

    fn meaning(&mut self, name: &str, iterations: &[IterationFolder]) -> Option<Meaning> {
        let is_table = |iteration: &IterationFolder| {
            let dir = iteration.dir.join(name).join("logs");
            dir.is_dir() && Logs::open(&dir, "").is_ok_and(|logs| logs.has(SAMPLES))
        };
        if iterations.iter().any(is_table) {
            return Some(Meaning::Imported(ImportedBenchmark::new(name)));
        }
        if let Some(shellpack) = shellpack::lookup(name) {
            return Some(Meaning::Native(shellpack));
        }
        let iteration = iterations.iter().find(|i| i.dir.join(name).join("logs").is_dir())?;
        let path = format!("{}/{name}/logs", iteration.logs.path());
        match self.external.map(|external| external.describe(name)) {
            Some(Ok(foreign)) => return Some(Meaning::Foreign(foreign)),
            Some(Err(what)) => {
                let remedy =
                    "check that --mmtests names a checkout of MMTests that has this benchmark";
                self.complain(Severity::Error, path, None, what, remedy);
            }
            None => self.complain(
                Severity::Error,
                path,
                None,
                format!("melbot has no reader of its own for {name:?}: its results were left out"),
                "give --mmtests DIR, a checkout of MMTests, and its own parser is used",
            ),
        }
        None
    }

    /// Reads what one iteration has of a benchmark.
    fn iteration(&mut self, iteration: &IterationFolder, benchmark: &mut BenchmarkSamples) {
        let dir = iteration.dir.join(&benchmark.name).join("logs");
        let shown =
            format!("{}/{}/logs", iteration.logs.path(), printable(benchmark.name.as_ref()));
        if !dir.is_dir() {
            let what = format!("{} left no logs in this iteration", benchmark.name);
            self.complain(Severity::Error, shown, None, what, "repeat the run");
            return;
        }
        let Some(logs) = self.open(&dir, shown.clone()) else { return };
        benchmark.logs.push(shown);
        let mut parsed = match &mut benchmark.meaning {
            Meaning::Native(shellpack) => {
                let name = benchmark.name.clone();
                shellpack.read(&Source { benchmark: name, logs, iteration: iteration.logs.clone() })
            }
            Meaning::Foreign(foreign) => {
                let mut parsed = Parsed::default();
                foreign.parse(&dir, logs.path(), &mut parsed);
                parsed.finish(&logs);
                parsed
            }
            Meaning::Imported(imported) => {
                let mut parsed = Parsed::default();
                imported.parse(&logs, &mut parsed);
                parsed
            }
        };
        self.problems.append(&mut parsed.problems);
        benchmark.iterations.push((iteration.number, parsed.samples.into_series()));
    }

    /// Says so where only zeros were measured: that must never look like "no change".
    fn judge_samples(&mut self, benchmark: &BenchmarkSamples) {
        if matches!(&benchmark.meaning, Meaning::Native(shellpack) if shellpack.counts_failures()) {
            return;
        }
        let remedy = "read its mmtests.log: the benchmark may have failed without saying so";
        for ((_, series), logs) in benchmark.iterations.iter().zip(&benchmark.logs) {
            let mut values = series.iter().flat_map(|series| &series.values).peekable();
            if values.peek().is_none() || values.any(|value| *value != 0.0) {
                continue;
            }
            let what = format!("{} measured nothing: every value is 0", benchmark.name);
            self.complain(Severity::Error, logs.clone(), None, what, remedy);
        }
    }
}

/// Printable names and paths of the folders in a folder.
fn list(dir: &Path) -> Vec<(String, PathBuf)> {
    let Ok(entries) = fs::read_dir(dir) else {
        refused();
        return Vec::new();
    };
    let mut folders: Vec<(String, PathBuf)> = entries
        .flatten()
        .map(|entry| (printable(&entry.file_name()), entry.path()))
        .filter(|(_, path)| path.is_dir())
        .collect();
    folders.sort();
    folders
}
