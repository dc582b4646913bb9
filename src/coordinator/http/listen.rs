//! Hands requests to those who answer them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request as Asked, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::any;

use super::answer::Answer;
use super::limits::Limits;
use super::request::{LARGEST_BODY, LARGEST_PIECE, Request};
use super::tokens::Role;
use super::{bisects, git, pages, route};
use crate::coordinator::desk::Desk;
use crate::lab::LabError;
use crate::serve::Server;
use crate::serve::files::{self, Folder};

/// A body is there within this time.
const WITHIN: Duration = Duration::from_secs(20);
/// An address that is in use is tried again.
const AGAIN: Duration = Duration::from_secs(30);
/// What is being answered at the end has so long.
const LAST: Duration = Duration::from_secs(2);

struct Shared {
    desk: Desk,
    limits: Limits,
}

/// Serves until everything ends.
pub fn serve(desk: &Desk, tell: &(dyn Fn(&str) + Sync)) -> Result<(), LabError> {
    let said = desk.settings.http.listen.as_deref().unwrap_or_default();
    let address: SocketAddr = said.parse().map_err(|_| {
        let what = format!("coordinator.toml: {said:?} is no address and port");
        LabError::new(what, "say listen = \"127.0.0.1:8417\" in [http]")
    })?;
    let Some(server) = bind(desk, address, tell) else { return Ok(()) };
    let router = router(desk);
    let until = desk.clone();
    // Who keeps a connection open for ever must not keep the coordinator from ending.
    let served = thread::spawn(move || {
        server.run(router, async move {
            while !until.stops() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
    });
    while !desk.stops() {
        if served.is_finished() {
            return Err(LabError::new("the HTTP server ended", "see the limits of the system"));
        }
        desk.pause(Duration::from_millis(500));
    }
    let ended = Instant::now();
    while !served.is_finished() && ended.elapsed() < LAST {
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// `None` if everything ends before the address is free.
fn bind(desk: &Desk, address: SocketAddr, tell: &(dyn Fn(&str) + Sync)) -> Option<Server> {
    let mut told = false;
    while !desk.stops() {
        match Server::bind(address) {
            Ok(server) => {
                let real = server.address().unwrap_or(address);
                tell(&format!("http://{real}/ has the site, /jobs what is being done"));
                return Some(server);
            }
            // Said once, however long it lasts.
            Err(error) if !std::mem::replace(&mut told, true) => {
                tell(&format!("{address}: {error}; tried again; see listen in [http]"));
            }
            Err(_) => {}
        }
        desk.pause(AGAIN);
    }
    None
}

fn router(desk: &Desk) -> Router {
    let shared =
        Arc::new(Shared { desk: desk.clone(), limits: Limits::new(desk.settings.http.requests) });
    let site = Folder { path: desk.site(), under: String::new(), raw: false };
    let site = files::router(vec![site], bisects::with_button);
    let own = Router::new()
        .route("/api", any(answer))
        .route("/api/{*rest}", any(answer))
        .route("/jobs", any(answer))
        .route("/jobs/", any(answer))
        .route("/jobs/{id}", any(answer))
        .route("/alert/{id}/bisect", any(answer))
        .route("/git/{*rest}", any(git_answer))
        .route("/builds", any(answer))
        .route("/missing", any(answer))
        .route("/health", any(answer))
        .route("/metrics", any(answer))
        .with_state(Arc::clone(&shared));
    own.fallback_service(site).layer(middleware::from_fn_with_state(shared, gate))
}

/// Not too many requests, and none to what is private.
async fn gate(State(shared): State<Arc<Shared>>, asked: Asked, next: Next) -> Response {
    // A token that is none is nobody's: else each made-up one would have requests of its own.
    let holder = match token(asked.headers()) {
        None => None,
        Some(token) => {
            let shared = Arc::clone(&shared);
            let holder = blocking(move || Ok(route::holder(&shared.desk, &token))).await;
            holder.unwrap_or_default()
        }
    };
    if !shared.limits.allow(holder, Instant::now()) {
        return sent(Answer::refused(429, "too many requests").with("Retry-After", "1"));
    }
    if shared.desk.settings.http.private && asked.uri().path() != "/health" {
        let (shared, token) = (Arc::clone(&shared), token(asked.headers()));
        let allowed = blocking(move || route::may_read(&shared.desk, token)).await;
        if let Err(answer) = allowed {
            return sent(answer);
        }
    }
    let is_home = asked.uri().path() == "/";
    let response = next.run(asked).await;
    match is_home && response.status() == StatusCode::NOT_FOUND {
        true => sent(pages::no_site(&shared.desk)),
        false => response,
    }
}

async fn answer(State(shared): State<Arc<Shared>>, asked: Asked) -> Response {
    let asked = read(&shared, asked).await;
    let answer = match asked {
        Ok((request, _)) => blocking(move || Ok(route::answer(&shared.desk, &request))).await,
        Err(answer) => Err(answer),
    };
    sent(answer.unwrap_or_else(|answer| answer))
}

async fn git_answer(State(shared): State<Arc<Shared>>, asked: Asked) -> Response {
    let answer = match read(&shared, asked).await {
        Ok((request, headers)) => {
            let version = text(&headers, HeaderName::from_static("git-protocol"));
            blocking(move || git::answer(&shared.desk, &request, &version)).await
        }
        Err(answer) => Err(answer),
    };
    answer.unwrap_or_else(sent)
}

/// A request with its body; only builders may send large ones.
async fn read(shared: &Arc<Shared>, asked: Asked) -> Result<(Request, HeaderMap), Answer> {
    let (head, body) = asked.into_parts();
    let mut request = Request {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        token: token(&head.headers),
        fetch_site: text(&head.headers, HeaderName::from_static("sec-fetch-site")),
        content_type: text(&head.headers, CONTENT_TYPE),
        body: Vec::new(),
    };
    let builders = ["/api/builds/", "/git/"];
    let largest = match builders.iter().any(|path| request.path.starts_with(path)) {
        true => {
            let (shared, asked) = (Arc::clone(shared), request.clone());
            blocking(move || {
                route::allowed(&shared.desk, &asked, Role::Build).map_err(Answer::from)
            })
            .await?;
            LARGEST_PIECE
        }
        false => LARGEST_BODY,
    };
    let too_large = format!("the body is larger than {} MiB, or broken", largest >> 20);
    request.body = match tokio::time::timeout(WITHIN, to_bytes(body, largest)).await {
        Ok(Ok(body)) => body.to_vec(),
        Ok(Err(_)) => return Err(Answer::refused(413, &too_large)),
        Err(_) => return Err(Answer::refused(408, "the body takes too long")),
    };
    Ok((request, head.headers))
}

fn text(headers: &HeaderMap, name: HeaderName) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

fn token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(|token| token.trim().to_owned())
}

/// The queue and disks may be slow.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Answer> + Send + 'static,
) -> Result<T, Answer> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Answer::refused(500, "a fault of melbot's")))
}

fn sent(answer: Answer) -> Response {
    let mut response = Response::builder()
        .status(answer.status)
        .header(CONTENT_TYPE, answer.content_type)
        .header("x-frame-options", "DENY");
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    // All parts are plain texts of ours.
    response.body(Body::from(answer.body)).unwrap_or_default()
}
