//! Static pages of comparisons: readable without scripts, from a disk as well as from a server.
//!
//! Every page is a pure function of what was measured: the same input gives the same bytes.

mod alerts;
mod badge;
mod base_url;
mod benchmarks;
mod bisects;
mod catalogue;
mod cells;
mod comparison;
mod coverage;
mod data;
mod differing;
mod error;
mod figures;
mod format;
mod heat;
mod help;
mod history;
mod home;
mod kernels;
mod machines;
mod monitors;
mod moved;
mod names;
mod operations;
mod plot;
mod problems;
pub mod publish;
mod raw_logs;
mod run;
mod search;
mod stamp;
mod story;
mod templates;
mod theme;
mod words;

use std::collections::HashMap;

use rayon::prelude::*;

use crate::analysis::Comparison;
use crate::analysis::alerts::{Evidence, Judged, Report};
use crate::analysis::changes::Settings;
use crate::model::{Problem, Run};
use crate::notes::pending::Pending;
use crate::notes::words::Words;

use alerts::Line;
pub use base_url::BaseUrl;
pub use bisects::Bisect;
use catalogue::Catalogue;
pub use error::SiteError;
pub use names::slug;
pub use raw_logs::RawLogs;
pub use stamp::stamp;
use templates::Templates;
pub use theme::Theme;

/// Everything that pages are made of.
#[derive(Clone, Copy)]
pub struct Results<'a> {
    /// The runs.
    pub runs: &'a [&'a Run],
    /// Made of the runs, with verdicts; a run that is in none has no page.
    pub comparisons: &'a [Comparison],
    /// Problems of discovery and notes; those of the runs are added.
    pub problems: &'a [Problem],
    /// What is said about the results.
    pub judged: &'a Judged,
    /// The alerts.
    pub report: &'a Report,
    /// How often a kernel differs from itself, where that was measured.
    pub evidence: Option<&'a Evidence>,
    /// How it was judged.
    pub settings: &'a Settings,
    /// Searches for commits.
    pub bisects: &'a [Bisect],
    /// What is still to be measured.
    pub pending: &'a Pending,
}

/// What the pages cannot know from the results.
#[derive(Clone, Debug)]
pub struct SiteOptions {
    /// Name of the site.
    pub title: String,
    /// Where the site can be reached, for what is read elsewhere: feeds, mails, search engines.
    pub base_url: Option<BaseUrl>,
    /// Where the pages find the raw logs.
    pub raw_logs: RawLogs,
    /// Name and version of the program, for the foot of every page.
    pub generator: String,
    /// What people say on pages, in Markdown. HTML in it is shown as text.
    pub words: Words,
    /// What pages look like.
    pub theme: Theme,
}

impl Default for SiteOptions {
    fn default() -> SiteOptions {
        SiteOptions {
            title: "melbot".to_owned(),
            base_url: None,
            raw_logs: RawLogs::None,
            generator: concat!("melbot ", env!("CARGO_PKG_VERSION")).to_owned(),
            words: Words::default(),
            theme: Theme::default(),
        }
    }
}

/// Takes the files of a site, from several threads at once and in no particular order.
pub trait Output: Sync {
    /// Takes one file. `path` is relative, with `/` between its parts, none of them `..`.
    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), SiteError>;

    /// Takes a file, or all files of a folder, from the site that was there before, if they were made
    /// of the same input, which `key` names. `false` where they have to be made.
    fn keep(&self, path: &str, key: &str) -> bool;
}

/// Writes some of the pages.
type Write = fn(&Site, &dyn Output) -> Result<(), SiteError>;

/// Makes all pages.
pub fn build(results: &Results, options: &SiteOptions, out: &dyn Output) -> Result<(), SiteError> {
    let templates = Templates::new(&options.theme)?;
    let catalogue = Catalogue::new(results, options);
    let words = words::by_page(&options.words, &catalogue);
    let site = Site { templates, catalogue, words };
    for (path, bytes) in &options.theme.assets {
        out.write(&format!("assets/{path}"), bytes)?;
    }
    // The heaviest pages first, lest one of them be left to a single thread at the end.
    site.catalogue.shelves.par_iter().try_for_each(|shelf| {
        let alerts: Vec<&Line> = site.catalogue.alerts_of(shelf.comparison).collect();
        let histories = history::histories(&site.catalogue, shelf);
        if out.keep(&shelf.folder, &stamp::key(&site, shelf, &alerts, &histories)?) {
            return Ok(());
        }
        let (comparison, others) = rayon::join(
            || comparison::write(&site, shelf, &histories, out),
            || {
                operations::write_all(&site, shelf, &histories, out)?;
                monitors::write_all(&site, shelf, out)?;
                run::write_all(&site, shelf, out)
            },
        );
        comparison.and(others)
    })?;
    let others: [Write; 16] = [
        home::write,
        help::write,
        problems::write,
        kernels::write_index,
        kernels::write_all,
        machines::write_index,
        machines::write_all,
        benchmarks::write_index,
        benchmarks::write_all,
        alerts::write_list,
        alerts::write_all,
        bisects::write_all,
        alerts::write_feeds,
        search::write,
        data::write_schema,
        |site, out| badge::write(site, "badge.svg".into(), site.catalogue.alerts.iter(), out),
    ];
    others.par_iter().try_for_each(|write| write(&site, out))
}

/// What all pages are made with.
struct Site<'a> {
    templates: Templates,
    catalogue: Catalogue<'a>,
    /// What people say, as HTML, by path of the page.
    words: HashMap<String, String>,
}

#[cfg(test)]
mod tests;
