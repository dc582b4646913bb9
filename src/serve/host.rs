//! What this machine serves to itself alone is not for pages of others: a name of theirs may come to stand
//! for 127.0.0.1 (DNS rebinding), and then their scripts would read all of it.

use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

/// Answers on a loopback address only who asks for this machine by a name of its own.
pub fn only_here(router: Router, listen: SocketAddr) -> Router {
    match listen.ip().is_loopback() {
        true => router.layer(middleware::from_fn(check)),
        false => router,
    }
}

async fn check(request: Request, next: Next) -> Response {
    // HTTP/1.0 needs no name.
    let host = request.headers().get(HOST);
    match host.is_none_or(|host| host.to_str().is_ok_and(is_here)) {
        true => next.run(request).await,
        false => (
            StatusCode::MISDIRECTED_REQUEST,
            "This server answers to localhost only; with --listen ADDRESS:PORT it answers to others.\n",
        )
            .into_response(),
    }
}

/// Whether a name, with a port or without, can only stand for this machine.
fn is_here(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches([']', '.']).to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_will_do() {
        for here in
            ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "127.9.9.9", "[::1]:80", "a.localhost."]
        {
            assert!(is_here(here), "{here}");
        }
        for other in [
            "",
            "example.org",
            "localhost.example.org:80",
            "10.0.0.1",
            "[2001:db8::1]:80",
            "127.0.0.1.nip.io",
        ] {
            assert!(!is_here(other), "{other}");
        }
    }
}
