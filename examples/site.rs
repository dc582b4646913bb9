//! Makes a site of a results folder: `cargo run --example site -- RESULTS OUTPUT [MMTESTS]`.
//!
//! For looking at the pages while working on them.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use melbot::analysis::{Baseline, compare, pages};
use melbot::mmtests::{External, discover};
use melbot::model::Run;
use melbot::site::publish::Publication;
use melbot::site::{RawLogs, SiteOptions, build};
use melbot::store::Store;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let results = arguments.next().context("RESULTS")?;
    let out = arguments.next().context("OUTPUT")?;
    let external = arguments
        .next()
        .map(|mmtests| External { mmtests: mmtests.into(), time_limit: Duration::from_secs(60) });
    let found = discover(Path::new(&results));
    let store = tempfile::tempdir()?;
    let store = Store::open(store.path(), Path::new(&results), external, || {})?;
    let stored = store.load(&found.runs, |_| {})?;
    let runs: Vec<&Run> = stored.iter().map(|stored| &stored.run).collect();
    let comparisons = pages(runs.iter().copied())
        .iter()
        .map(|page| compare(page, &Baseline::Previous))
        .collect::<Result<Vec<_>, _>>()?;
    let raw_logs = RawLogs::between(Path::new(&out), Path::new(&results))?;
    let options = SiteOptions { raw_logs, ..SiteOptions::default() };
    let start = Instant::now();
    let publication = Publication::begin(Path::new(&out), "", || {})?;
    build(&runs, &comparisons, &found.problems, &options, &publication)?;
    println!("{:?} in {:?}", publication.finish()?, start.elapsed());
    Ok(())
}
