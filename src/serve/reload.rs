//! Pages that load themselves anew when the site has changed.
//!
//! Their policy lets them load scripts of the same server and nothing else, so a script is what they
//! wait for: the answer to it comes when there is something new, or after a while.

use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use serde::Deserialize;
use tokio::sync::watch;

/// How long an answer waits for news: below the patience of browsers and proxies.
const PATIENCE: Duration = Duration::from_secs(25);
/// What pages get.
const SCRIPT: &str = include_str!("../../assets/reload.js");

/// Tells pages that there is something new.
#[derive(Debug)]
pub struct News(watch::Sender<u64>);

impl Default for News {
    fn default() -> News {
        News(watch::Sender::new(0))
    }
}

impl News {
    /// The site has changed.
    pub fn tell(&self) {
        self.0.send_modify(|version| *version += 1);
    }

    /// The paths that pages ask.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/~reload.js", get(script))
            .route("/~news.js", get(news))
            .with_state(self.0.subscribe())
    }
}

/// A page with the script in it.
pub fn with_script(page: String) -> String {
    match page.rfind("</body>") {
        Some(at) => {
            format!("{}<script src=\"/~reload.js\" defer></script>\n{}", &page[..at], &page[at..])
        }
        None => page,
    }
}

async fn script(State(version): State<watch::Receiver<u64>>) -> impl IntoResponse {
    let version = *version.borrow();
    javascript(format!("{SCRIPT}\nmelbotWait({version});\n"))
}

#[derive(Deserialize)]
struct Seen {
    seen: u64,
}

async fn news(
    State(mut version): State<watch::Receiver<u64>>,
    Query(Seen { seen }): Query<Seen>,
) -> impl IntoResponse {
    let changed = version.wait_for(|version| *version != seen);
    // The server ends where the sender is gone: then there is no news either.
    match tokio::time::timeout(PATIENCE, changed).await {
        Ok(Ok(_)) => javascript("location.reload();\n".to_owned()),
        _ => javascript(format!("melbotWait({seen});\n")),
    }
}

fn javascript(text: String) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, "no-store")], text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_gets_the_script_at_its_end() {
        let page = with_script("<body>a</body>b</body></html>".to_owned());
        assert!(page.starts_with("<body>a</body>b<script ") && page.ends_with("</body></html>"));
        assert_eq!(with_script("no page".to_owned()), "no page");
    }
}
