//! One line that names everything a site is made of, so that nothing is done where nothing changed.

use std::io::Write as _;

use serde::Serialize;

use super::alerts::Line;
use super::catalogue::Shelf;
use super::history::Histories;
use super::{Site, SiteError, SiteOptions};
use crate::mmtests::Discovery;

/// Names the code that makes pages; see `build.rs`.
const SHOWING: &str = env!("MELBOT_SHOWING");

/// The stamp of a site made of these results, for [`super::publish::is_current`].
///
/// It takes nothing but discovery: no log is read. `others` is whatever else decides what the
/// pages say, such as the baseline, a checkout of MMTests, or the tags of a kernel tree.
pub fn stamp(found: &Discovery, options: &SiteOptions, others: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |part: &[u8]| {
        // With its length, so that parts cannot run into each other.
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    };
    add(SHOWING.as_bytes());
    let SiteOptions { title, base_url, raw_logs, generator, words, theme } = options;
    add(format!("{title:?} {base_url:?} {raw_logs:?} {generator:?} {:?}", words.texts).as_bytes());
    add(theme.fingerprint().as_bytes());
    others.iter().for_each(|other| add(other.as_bytes()));
    for run in &found.runs {
        add(run.path.as_bytes());
        add(run.fingerprint.as_bytes());
        add(format!("{:?} {:?}", run.place, run.problems).as_bytes());
    }
    add(format!("{:?}", found.problems).as_bytes());
    hasher.finalize().to_hex().to_string()
}

/// The key of all pages about one comparison: a hash of everything they are made of.
pub(super) fn key(
    site: &Site,
    shelf: &Shelf,
    alerts: &[&Line],
    histories: &Histories,
) -> Result<String, SiteError> {
    let SiteOptions { title, base_url, raw_logs, generator, words: _, theme: _ } =
        site.catalogue.options;
    let theme = &site.templates.fingerprint;
    let words = site.words.get(&shelf.page());
    let mut hasher = blake3::Hasher::new();
    let all =
        format!("{SHOWING} {theme} {title:?} {base_url:?} {raw_logs:?} {generator:?} {words:?}");
    hasher.update(all.as_bytes());
    pack(&mut hasher, &(shelf.comparison, alerts, histories))?;
    for shelved in &shelf.runs {
        // The date is no part of the record of a run.
        let released = shelved.run.map(|run| run.released);
        pack(&mut hasher, &(&shelved.page, shelved.run, released))?;
    }
    Ok(hasher.finalize().to_hex()[..32].to_owned())
}

/// The key of one page: a hash of its template and of what that shows.
pub(super) fn page_key(
    theme: &str,
    template: &str,
    frame: &impl Serialize,
    page: &impl Serialize,
) -> Result<String, SiteError> {
    let mut hasher = blake3::Hasher::new();
    let mut out = std::io::BufWriter::with_capacity(1 << 14, &mut hasher);
    // JSON, for what templates show has parts that lie flat in others.
    serde_json::to_writer(&mut out, &(SHOWING, theme, template, frame, page))
        .map_err(|error| SiteError::Key(error.to_string()))?;
    out.flush().map_err(|error| SiteError::Key(error.to_string()))?;
    drop(out);
    Ok(hasher.finalize().to_hex()[..32].to_owned())
}

fn pack(hasher: &mut blake3::Hasher, part: &impl Serialize) -> Result<(), SiteError> {
    let bytes = postcard::to_allocvec(part).map_err(|error| SiteError::Key(error.to_string()))?;
    hasher.update(&bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mmtests::discover;

    #[test]
    fn whatever_changes_the_stamp_does() -> std::io::Result<()> {
        let dir = tempfile::tempdir()?;
        let run = dir.path().join("machine/config/6.1/iter-0");
        std::fs::create_dir_all(&run)?;
        let options = SiteOptions::default();
        let stamp =
            |options: &SiteOptions| super::stamp(&discover(dir.path()), options, &["previous"]);
        let before = stamp(&options);
        assert_eq!(before, stamp(&options));
        assert_ne!(before, stamp(&SiteOptions { title: "other".into(), ..options.clone() }));
        assert_ne!(before, super::stamp(&discover(dir.path()), &options, &["first"]));
        std::fs::write(run.join("dmesg"), "x")?;
        assert_ne!(before, stamp(&options));
        Ok(())
    }
}
