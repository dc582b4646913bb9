//! `melbot builder`: builds for a coordinator on another host.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::SystemTime;

use anyhow::{Context as _, bail};
use clap::Args;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::{Ending, warn};
use crate::coordinator::{Away, what_builds_need};
use crate::notes;

static STOP: AtomicBool = AtomicBool::new(false);

/// Build kernels here for a coordinator on another host
///
/// Takes build jobs one by one, fetches trees from the coordinator, builds in a warm object tree, and brings
/// back package and log, by the hash of their content. Any number of hosts may do so. One that is killed
/// begins its build anew at the next start; one that stays away loses it to another after two minutes. ^C
/// ends it when the present build is over, twice: at once.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    melbot token add builder1 --role build --lab /srv/lab > token     at the coordinator\n  \
    melbot builder https://bob.example.org --token-file token --work /var/lib/melbot-builder\n  \
    MELBOT_TOKEN=… melbot builder http://127.0.0.1:8417 --until-empty")]
pub struct BuilderVerb {
    /// The coordinator
    url: String,
    /// File with a token of role build [default: the environment's MELBOT_TOKEN]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Folder of trees and objects; some 20 GB for a distribution's kernel
    #[arg(long, value_name = "DIR", default_value = ".")]
    work: PathBuf,
    /// Compilers at once [default: as many as there are processors]; more with icecream
    #[arg(long, value_name = "N")]
    jobs: Option<u32>,
    /// End when nothing is to be built
    #[arg(long)]
    until_empty: bool,
}

impl BuilderVerb {
    pub fn run(self) -> anyhow::Result<Ending> {
        let token = match &self.token_file {
            Some(path) => {
                std::fs::read_to_string(path).with_context(|| path.display().to_string())?
            }
            None => std::env::var("MELBOT_TOKEN").unwrap_or_default(),
        };
        if token.trim().is_empty() {
            bail!(
                "there is no token: say --token-file FILE; melbot token add NAME --role build makes one"
            );
        }
        // A host that lacks something would call every kernel broken.
        if let Some(missing) = what_builds_need().into_iter().find_map(|finding| finding.fault) {
            bail!("a builder needs more: {missing}");
        }
        std::fs::create_dir_all(&self.work).with_context(|| self.work.display().to_string())?;
        let work = std::fs::canonicalize(&self.work)?;
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        thread::spawn(move || {
            for (number, _) in (0..).zip(signals.forever()) {
                if number > 0 {
                    std::process::exit(2);
                }
                warn("ends when the present build is over; once more: at once");
                STOP.store(true, Ordering::SeqCst);
            }
        });
        let tell = |what: &str| warn(&format!("{}  {what}", notes::utc(SystemTime::now())));
        tell(&format!("builds for {} in {}", self.url, work.display()));
        let away = Away {
            url: &self.url,
            token: token.trim(),
            work: &work,
            parallel: self.jobs,
            until_empty: self.until_empty,
            stop: &STOP,
        };
        away.run(&tell)?;
        Ok(Ending::Fine)
    }
}
