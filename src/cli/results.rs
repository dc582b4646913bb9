//! What all verbs that read results have in common: where they are, and which of them are meant.

use std::collections::BTreeSet;
use std::env;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::settings::Settings;
use crate::kernel::History;
use crate::mmtests::{Discovery, External, Place, discover};
use crate::model::{Problem, Run};
use crate::notes;
use crate::store::{Store, StoredRun};

/// Where the results are, and how they are read.
#[derive(Debug, Args)]
pub struct ResultsArgs {
    /// Folder of results: RESULTS/machine/config/run, RESULTS/config/machine/run, MMTests' own
    /// work/log, or any mixture.
    pub results: PathBuf,
    /// Folder that keeps what was read, so that it is read only once [default: in the user's cache]
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// A checkout of MMTests, whose parsers read the benchmarks that melbot cannot read itself
    #[arg(long, value_name = "DIR")]
    pub mmtests: Option<PathBuf>,
    /// A git tree of the kernel, for release dates and numbers of commits
    #[arg(long, value_name = "DIR")]
    pub tree: Option<PathBuf>,
    /// Settings file [default: melbot.toml in the current folder, if there is one]
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,
}

/// Which results are meant.
#[derive(Debug, Default, Args)]
pub struct Filter {
    /// Only this machine; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub machine: Vec<String>,
    /// Only this config; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub config: Vec<String>,
    /// Only this benchmark; may be given more than once
    #[arg(long, value_name = "NAME")]
    pub benchmark: Vec<String>,
}

impl Filter {
    /// `true` if runs of this place are meant.
    pub fn takes(&self, place: &Place) -> bool {
        self.takes_names(&place.machine, &place.config)
    }

    /// `true` if this config on this machine is meant.
    pub fn takes_names(&self, machine: &str, config: &str) -> bool {
        let among =
            |names: &[String], name: &str| names.is_empty() || names.iter().any(|n| n == name);
        among(&self.machine, machine) && among(&self.config, config)
    }

    /// `true` if this benchmark is meant.
    pub fn takes_benchmark(&self, name: &str) -> bool {
        self.benchmark.is_empty() || self.benchmark.iter().any(|wanted| wanted == name)
    }

    fn takes_all(&self) -> bool {
        self.machine.is_empty() && self.config.is_empty()
    }
}

/// Results that were found, before any log is read.
pub struct Results {
    /// What the command line and the settings file say together.
    pub settings: Settings,
    /// The runs that are meant, and what could not be looked at.
    pub discovery: Discovery,
    results: PathBuf,
    all: bool,
    /// Benchmarks that were asked for.
    benchmarks: Vec<String>,
}

/// Results that were read.
pub struct Loaded {
    /// The runs, in the order of their paths.
    pub runs: Vec<StoredRun>,
    /// The store that holds their samples.
    pub store: Store,
}

impl ResultsArgs {
    /// Looks for the runs that are meant.
    pub fn find(&self, filter: &Filter) -> anyhow::Result<Results> {
        let mut settings = Settings::read(self.settings.as_deref())?;
        settings.store = self.store.clone().or(settings.store);
        settings.mmtests = self.mmtests.clone().or(settings.mmtests);
        settings.tree = self.tree.clone().or(settings.tree);
        if !self.results.is_dir() {
            bail!(
                "{}: no such folder; name one that holds results of MMTests",
                self.results.display()
            );
        }
        let mut discovery = discover(&self.results);
        let found = discovery.runs.len();
        if found == 0 {
            bail!(
                "{}: no runs of MMTests in it; a run is a folder that holds iter-0",
                self.results.display()
            );
        }
        let known = known(&discovery);
        discovery.runs.retain(|run| filter.takes(&run.place));
        if discovery.runs.is_empty() {
            bail!("none of the {found} runs is of that machine and config; there are: {known}");
        }
        Ok(Results {
            settings,
            discovery,
            results: self.results.clone(),
            all: filter.takes_all(),
            benchmarks: filter.benchmark.clone(),
        })
    }
}

/// The places there are, for an error message.
fn known(discovery: &Discovery) -> String {
    let mut places: Vec<String> = discovery
        .runs
        .iter()
        .map(|run| format!("{}/{}", run.place.machine, run.place.config))
        .collect();
    places.dedup();
    places.join(", ")
}

impl Results {
    /// Stops if the filter takes none of the runs.
    pub fn require(&self, filter: &Filter) -> anyhow::Result<()> {
        let runs = &self.discovery.runs;
        if runs.iter().any(|run| filter.takes(&run.place)) {
            return Ok(());
        }
        let (found, known) = (runs.len(), known(&self.discovery));
        bail!("none of the {found} runs is of that machine and config; there are: {known}")
    }

    /// `true` if no run is left out.
    pub fn is_all(&self) -> bool {
        self.all
    }

    /// Where the notes on alerts are, unless the command line says so.
    pub fn notes_folder(&self) -> PathBuf {
        let default = || self.results.join(notes::FOLDER);
        self.settings.notes.clone().unwrap_or_else(default)
    }

    /// Reads the runs, showing progress on a terminal.
    pub fn load(&self) -> anyhow::Result<Loaded> {
        let store = self.open_store()?;
        let bar = progress(self.discovery.runs.len() as u64);
        let mut runs = store.load(&self.discovery.runs, |_| bar.inc(1))?;
        bar.finish_and_clear();
        if self.all {
            store.forget_others(&runs)?;
        }
        // Whoever reads our output may take his time.
        store.release()?;
        for (stored, date) in runs.iter_mut().zip(self.dates()?) {
            stored.run.released = date;
        }
        self.look_for_benchmarks(&runs)?;
        Ok(Loaded { runs, store })
    }

    /// Stops if a benchmark was asked for that none of the runs has.
    fn look_for_benchmarks(&self, runs: &[StoredRun]) -> anyhow::Result<()> {
        let names = runs.iter().flat_map(|stored| &stored.run.benchmarks).map(|b| b.name.as_str());
        let known: BTreeSet<&str> = names.collect();
        let missing = self.benchmarks.iter().find(|name| !known.contains(name.as_str()));
        if let Some(name) = missing {
            let known: Vec<&str> = known.into_iter().collect();
            bail!("no benchmark {name:?} in these runs; there are: {}", known.join(", "));
        }
        Ok(())
    }

    fn open_store(&self) -> anyhow::Result<Store> {
        let dir = match &self.settings.store {
            Some(dir) => dir.clone(),
            None => default_store()?,
        };
        let waiting = || {
            // A message that cannot be shown is no reason to stop.
            let _ = writeln!(
                io::stderr(),
                "melbot: waiting for another melbot that reads these results"
            );
        };
        Ok(Store::open(&dir, &self.results, self.external()?, waiting)?)
    }

    /// MMTests' own parsers, if a checkout is named.
    pub fn external(&self) -> anyhow::Result<Option<External>> {
        let Some(mmtests) = &self.settings.mmtests else { return Ok(None) };
        let source = mmtests.join("shellpack_src/src");
        if !source.is_dir() {
            bail!("{}: no checkout of MMTests: it has no shellpack_src/src", mmtests.display());
        }
        let mmtests = mmtests.canonicalize().with_context(|| mmtests.display().to_string())?;
        let seconds = self.settings.parser_seconds.unwrap_or(120);
        Ok(Some(External { mmtests, time_limit: Duration::from_secs(seconds) }))
    }

    /// When the kernel of each run was released, if a tree tells.
    pub fn dates(&self) -> anyhow::Result<Vec<Option<i64>>> {
        let Some(tree) = &self.settings.tree else { return Ok(Vec::new()) };
        let history = History::open(tree)?;
        let runs = self.discovery.runs.iter();
        Ok(runs.map(|run| history.date(&run.place.name)).collect())
    }
}

impl Loaded {
    /// The runs without their places in the store.
    pub fn into_runs(self) -> Vec<Run> {
        self.runs.into_iter().map(|stored| stored.run).collect()
    }
}

/// All problems: of the tree first, then those of each run.
pub fn problems<'p>(discovery: &'p Discovery, runs: &'p [Run]) -> Vec<&'p Problem> {
    discovery.problems.iter().chain(runs.iter().flat_map(|run| &run.problems)).collect()
}

/// `$XDG_CACHE_HOME/melbot`, or `~/.cache/melbot`.
fn default_store() -> anyhow::Result<PathBuf> {
    let absolute =
        |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
    Ok(cache.context("neither XDG_CACHE_HOME nor HOME is set; give --store DIR")?.join("melbot"))
}

/// A bar on a terminal, nothing elsewhere.
fn progress(runs: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(runs);
    if let Ok(style) = ProgressStyle::with_template("reading runs {wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar
}

/// A sign of life on a terminal while something takes its time; goes away with the value.
pub struct Busy(ProgressBar);

impl Busy {
    /// Says what is being done.
    pub fn with(what: &'static str) -> Busy {
        if !io::stderr().is_terminal() {
            return Busy(ProgressBar::hidden());
        }
        let bar = ProgressBar::new_spinner().with_message(what);
        bar.enable_steady_tick(Duration::from_millis(120));
        Busy(bar)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// `true` if colours would be seen.
pub fn stdout_has_colour() -> bool {
    io::stdout().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
