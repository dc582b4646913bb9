//! `coordinator.toml`: which trees are watched, and what is run of them where and when.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::bisect::Auto;
use super::reruns::Budget;
use super::schedule::Times;
use crate::client::MmtestsSource;
use crate::kernel::{Choice, Kconfig};
use crate::lab::{LabError, plain_name};
use crate::site::BaseUrl;

/// Its name in the folder of the lab.
pub const FILE: &str = "coordinator.toml";

/// What the coordinator is to do. Paths are relative to the folder of the lab.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name of the site.
    #[serde(default)]
    pub title: Option<String>,
    /// A `postgres://` URL, where several hosts share a queue; else it is a file in state/.
    #[serde(default)]
    pub queue: Option<PathBuf>,
    /// Where runs are put.
    #[serde(default = "results")]
    pub results: PathBuf,
    /// Where the site is put.
    #[serde(default = "site")]
    pub site: PathBuf,
    /// Where the site can be seen: for mails and feeds.
    #[serde(default)]
    pub url: Option<BaseUrl>,
    /// Machines whose clients the coordinator starts here; all of the policies where it is left out.
    #[serde(default)]
    pub clients: Option<Vec<String>>,
    /// Kernels that are built here at once; 0 where other hosts do it.
    #[serde(default = "one")]
    pub builders: usize,
    /// Gigabytes that built kernels may take up; the oldest go first, results never.
    #[serde(default = "hundred")]
    pub kernels_gb: f64,
    /// Where it is served.
    #[serde(default)]
    pub http: Http,
    /// When alerts are bisected without anybody asking.
    #[serde(default)]
    pub bisect: Auto,
    /// How much what could not be decided is run again.
    #[serde(default)]
    pub reruns: Budget,
    /// Trees that are watched.
    #[serde(default)]
    pub trees: BTreeMap<String, TreeSettings>,
    /// Configurations of the kernel.
    #[serde(default)]
    pub kconfigs: BTreeMap<String, Kconfig>,
    /// What is run of which kernels.
    #[serde(default)]
    pub policies: Vec<Policy>,
}

/// Where site and API are served.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Address and port, such as `127.0.0.1:8417`; nothing is served where it is left out.
    #[serde(default)]
    pub listen: Option<String>,
    /// Pages want a token as well, not only the API.
    #[serde(default)]
    pub private: bool,
    /// Requests a second of each token, and of all who have none together; twice as many at once.
    #[serde(default = "two_hundred")]
    pub requests: f64,
}

impl Default for Http {
    fn default() -> Http {
        Http { listen: None, private: false, requests: two_hundred() }
    }
}

/// What of the kernels that a tree has when it is first looked at is new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum First {
    /// The newest of each track.
    #[default]
    Newest,
    /// All of them.
    All,
    /// None.
    Nothing,
}

/// A tree that is watched.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeSettings {
    /// What git fetches.
    pub url: String,
    /// Patterns of tags.
    #[serde(default = "releases")]
    pub tags: Vec<String>,
    /// Branches whose heads are measured.
    #[serde(default)]
    pub branches: Vec<String>,
    /// Minutes between two looks.
    #[serde(default = "quarter")]
    pub minutes: f64,
    /// What is new at first.
    #[serde(default)]
    pub first: First,
}

/// What is run of some kernels.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Of these trees.
    pub trees: Vec<String>,
    /// Which kernels.
    #[serde(default)]
    pub kernels: Choice,
    /// When the newest kernels are looked for; else each new one is taken at once.
    #[serde(default)]
    pub times: Option<Times>,
    /// How they are configured.
    pub kconfig: String,
    /// On these machines.
    pub machines: Vec<String>,
    /// Configs of MMTests; what follows a `+` keeps their runs apart.
    pub configs: Vec<String>,
    /// Higher ones come first.
    #[serde(default)]
    pub priority: i64,
    /// Iterations of each config.
    #[serde(default = "three")]
    pub iterations: u32,
    /// MMTests runs its monitors.
    #[serde(default)]
    pub monitors: bool,
    /// Minutes that an iteration may take; else it is learnt from earlier runs.
    #[serde(default)]
    pub minutes: Option<f64>,
    /// How often a job may fail.
    #[serde(default = "two")]
    pub attempts: i64,
    /// Where MMTests comes from.
    pub mmtests: MmtestsSource,
}

fn results() -> PathBuf {
    "results".into()
}

fn site() -> PathBuf {
    "site".into()
}

fn one() -> usize {
    1
}

fn hundred() -> f64 {
    100.0
}

fn two_hundred() -> f64 {
    200.0
}

fn two() -> i64 {
    2
}

fn three() -> u32 {
    3
}

fn quarter() -> f64 {
    15.0
}

fn releases() -> Vec<String> {
    vec!["v[0-9]*".to_owned()]
}

impl Settings {
    /// Reads those of a lab.
    pub fn read(lab: &Path) -> Result<Settings, LabError> {
        let path = lab.join(FILE);
        let text = fs::read_to_string(&path).map_err(|error| {
            LabError::new(
                format!("{}: {error}", path.display()),
                "write one, see docs/COORDINATOR.md, or make a lab with melbot init --demo DIR",
            )
        })?;
        let settings = parse(&text).map_err(|(line, what)| {
            LabError::new(
                format!("{}:{line}: {what}", path.display()),
                "correct it; docs/COORDINATOR.md lists what it may hold",
            )
        })?;
        Ok(settings)
    }

    /// The configuration of that name; its paths are those of the lab.
    pub fn kconfig(&self, lab: &Path, name: &str) -> Result<Kconfig, LabError> {
        let found = self.kconfigs.get(name).map(|kconfig| kconfig.below(lab));
        found.ok_or_else(|| {
            LabError::new(
                format!("{FILE} has no configuration {name:?}"),
                "name one of its [kconfigs.NAME]",
            )
        })
    }

    /// Machines whose clients are started here.
    pub fn local_clients(&self) -> BTreeSet<String> {
        match &self.clients {
            Some(machines) => machines.iter().cloned().collect(),
            None => self.policies.iter().flat_map(|policy| policy.machines.clone()).collect(),
        }
    }
}

/// The error is a line and a sentence.
fn parse(text: &str) -> Result<Settings, (usize, String)> {
    let settings: Settings = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = 1 + text.get(..start).unwrap_or_default().matches('\n').count();
        (line, error.message().trim().to_owned())
    })?;
    let line_of =
        |word: &str| 1 + text.lines().position(|line| line.contains(word)).unwrap_or_default();
    let names = settings.trees.keys().chain(settings.kconfigs.keys());
    let names = names.chain(settings.policies.iter().map(|policy| &policy.name));
    for name in names {
        if !plain_name(name) {
            let what = format!("{name:?} is no name: letters, digits and ._+- only");
            return Err((line_of(name), what));
        }
    }
    let mut known = BTreeSet::new();
    for policy in &settings.policies {
        if !known.insert(&policy.name) {
            let what = format!("there are two policies {:?}", policy.name);
            return Err((line_of(&policy.name), what));
        }
        if let Some(tree) = policy.trees.iter().find(|name| !settings.trees.contains_key(*name)) {
            return Err((line_of(tree), format!("there is no [trees.{tree}]")));
        }
        if !settings.kconfigs.contains_key(&policy.kconfig) {
            let what = format!("there is no [kconfigs.{}]", policy.kconfig);
            return Err((line_of(&policy.kconfig), what));
        }
        let names = policy.configs.iter().chain(&policy.machines);
        if let Some(name) = names.into_iter().find(|name| !plain_name(name)) {
            let what = format!("{name:?} is no name: letters, digits and ._+- only");
            return Err((line_of(name), what));
        }
        if policy.configs.is_empty() || policy.machines.is_empty() || policy.trees.is_empty() {
            let what = format!("{} needs trees, machines and configs", policy.name);
            return Err((line_of(&policy.name), what));
        }
    }
    if let Some((policy, other, config)) = mixed(&settings.policies) {
        let what = format!(
            "{} and {} run {config} on the same machine with kernels of one tree that are configured as {} \
             and as {}, and could not be told apart; write \"{config}+{}\" in one of them",
            other.name, policy.name, other.kconfig, policy.kconfig, policy.kconfig
        );
        return Err((line_of(&format!("\"{}\"", policy.name)), what));
    }
    if settings.http.requests.is_nan() || settings.http.requests <= 0.0 {
        return Err((line_of("requests"), "requests is a number above 0".to_owned()));
    }
    if let Some((name, _)) =
        settings.trees.iter().find(|(_, tree)| tree.minutes.is_nan() || tree.minutes <= 0.0)
    {
        return Err((line_of(name), "minutes is a number above 0".to_owned()));
    }
    Ok(settings)
}

/// A policy and one before it whose kernels have the same names, but are not the same, with a config that both run on
/// a machine.
fn mixed(policies: &[Policy]) -> Option<(&Policy, &Policy, &str)> {
    let common = |of: &[String], with: &[String]| of.iter().any(|name| with.contains(name));
    policies.iter().enumerate().find_map(|(at, policy)| {
        policies[..at].iter().find_map(|other| {
            let config = policy.configs.iter().find(|config| other.configs.contains(config))?;
            let mixed = policy.kconfig != other.kconfig
                && common(&policy.trees, &other.trees)
                && common(&policy.machines, &other.machines);
            mixed.then_some((policy, other, config.as_str()))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    pub const EXAMPLE: &str = r#"
[trees.stable]
url = "https://git.example.org/linux.git"

[kconfigs.x86]
base = "kconfigs/x86"

[[policies]]
name = "monthly"
trees = ["stable"]
times = { cron = "0 6 17 * *", zone = "Europe/Prague" }
kconfig = "x86"
machines = ["ivor"]
configs = ["network-netperf"]
mmtests = { source = "mmtests" }
"#;

    #[test]
    fn what_is_not_said_is_what_people_expect() {
        let settings = parse(EXAMPLE).expect("valid");
        let policy = &settings.policies[0];
        assert_eq!((policy.iterations, policy.attempts, settings.builders), (3, 2, 1));
        assert_eq!(settings.trees["stable"].tags, ["v[0-9]*"]);
        assert_eq!(settings.trees["stable"].first, First::Newest);
        assert_eq!(settings.local_clients().into_iter().collect::<Vec<_>>(), ["ivor"]);
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        for (from, to, line, says) in [
            ("0 6 17 * *", "0 25 17 * *", 11, "cron"),
            ("Europe/Prague", "Europe/Nowhere", 11, "time zone"),
            ("trees = [\"stable\"]", "trees = [\"next\"]", 10, "no [trees.next]"),
            ("kconfig = \"x86\"", "kconfig = \"arm\"", 12, "no [kconfigs.arm]"),
            ("machines = [\"ivor\"]", "machines = []", 9, "needs trees"),
            ("machines = [\"ivor\"]", "machines = [\"../x\"]", 13, "no name"),
            ("configs =", "config =", 14, "unknown field"),
        ] {
            let (at, what) = parse(&EXAMPLE.replace(from, to)).expect_err(to);
            assert!(at == line && what.contains(says), "{to}: {at}: {what}");
        }
    }

    #[test]
    fn kernels_of_one_name_that_are_configured_differently_are_kept_apart() {
        let second = |machine: &str, config: &str, kconfig: &str| {
            format!(
                "{EXAMPLE}\n[kconfigs.debug]\nbase = \"k\"\n[trees.next]\nurl = \"next\"\n[[policies]]\n\
                 name = \"second\"\ntrees = [\"next\", \"stable\"]\nkconfig = {kconfig:?}\n\
                 machines = [\"ivy\", {machine:?}]\nconfigs = [{config:?}]\nmmtests = {{ source = \"m\" }}\n"
            )
        };
        let (line, what) = parse(&second("ivor", "network-netperf", "debug")).expect_err("mixed");
        assert_eq!(
            line,
            second("", "", "").lines().position(|l| l.contains("second")).unwrap_or(0) + 1
        );
        assert!(what.contains("\"network-netperf+debug\""), "{what}");
        for (machine, config, kconfig) in [
            ("ivor", "network-netperf+debug", "debug"),
            ("ivor", "network-netperf", "x86"),
            ("iris", "network-netperf", "debug"),
        ] {
            let settings = parse(&second(machine, config, kconfig)).map(drop);
            assert_eq!(settings, Ok(()), "{machine} {config} {kconfig}");
        }
        let other_tree = second("ivor", "network-netperf", "debug").replace(", \"stable\"", "");
        assert!(parse(&other_tree).is_ok());
    }
}
