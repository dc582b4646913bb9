//! `melbot serve`: the site on a web server that keeps it current.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;

use super::site::Site;
use super::{Ending, print, warn};
use crate::serve::Server;
use crate::serve::files::{self, Folder};
use crate::serve::host::only_here;
use crate::serve::reload::{News, with_script};
use crate::site::RawLogs;

/// The least time between two looks at the results.
const LOOK: Duration = Duration::from_secs(1);
/// Looking takes at most this share of the time: a large tree is looked at less often.
const SHARE: u32 = 10;

/// Serve the site on this machine, and make it again whenever something changes
///
/// Results, notes, words and themes are watched; pages that are open load themselves anew. The site is
/// the one that `melbot site` makes, with the raw logs beside it.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  melbot serve sample-results -o public --theme mine")]
pub struct Serve {
    #[command(flatten)]
    site: Site,
    /// Where to listen; other machines can only reach it if this says so
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

impl Serve {
    pub(super) fn run(self) -> anyhow::Result<Ending> {
        let Serve { site, listen } = self;
        let server = Server::bind(listen).with_context(|| {
            format!("{listen}: cannot listen there; name another port, or 0 for any, with --listen")
        })?;
        site.make()?;
        let mut folders =
            vec![Folder { path: site.output.clone(), under: String::new(), raw: false }];
        folders.extend(logs(&site.output, site.results_folder())?);
        let news = Arc::new(News::default());
        let router = news.router().merge(files::router(folders, with_script));
        print(&format!("http://{}/\n", server.address()?))?;
        thread::spawn(move || keep_current(&site, &news));
        server.run(only_here(router, listen), async {
            // Without a handler the signal ends the process, which will do as well.
            let _ = tokio::signal::ctrl_c().await;
        })?;
        Ok(Ending::Fine)
    }
}

/// Where links of pages to raw logs lead on a server: `..` does not lead above its root.
fn logs(output: &Path, results: &Path) -> anyhow::Result<Option<Folder>> {
    let way = RawLogs::between(output, results).with_context(|| results.display().to_string())?;
    let RawLogs::Relative(way) = way else { return Ok(None) };
    let down: Vec<&str> = way.split('/').filter(|part| *part != "..").collect();
    Ok(Some(Folder { path: results.to_owned(), under: down.join("/"), raw: true }))
}

/// Makes the site again whenever something changed. What goes wrong is said once, and the old site
/// stays.
fn keep_current(site: &Site, news: &News) {
    let mut said = String::new();
    loop {
        let start = Instant::now();
        match site.make() {
            Ok((_, Some(_))) => {
                said.clear();
                news.tell();
            }
            Ok((_, None)) => said.clear(),
            Err(error) => {
                let error = format!("{error:#}");
                if error != said {
                    warn(&error);
                    said = error;
                }
            }
        }
        thread::sleep(LOOK.max(start.elapsed() * SHARE));
    }
}
