//! Hands out a site over HTTP.

pub mod files;
pub mod host;
pub mod reload;

use std::io;
use std::net::{SocketAddr, TcpListener};

use axum::Router;
use axum::http::header::{HeaderName, HeaderValue};
use axum::middleware::{self, Next};

/// Headers of every answer: pages bring their own policy, what else is handed out gets none at all.
const HEADERS: [(&str, &str); 2] =
    [("x-content-type-options", "nosniff"), ("referrer-policy", "same-origin")];

/// A port that is taken, and not yet served.
#[derive(Debug)]
pub struct Server(TcpListener);

impl Server {
    /// Takes the port; with port 0 one that is free.
    pub fn bind(address: SocketAddr) -> io::Result<Server> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Server(listener))
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Answers until `until` is done; what is being answered then is answered to its end.
    pub fn run(
        self,
        router: Router,
        until: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(self.0)?;
            let router = router.layer(middleware::from_fn(headers));
            axum::serve(listener, router).with_graceful_shutdown(until).await
        })
    }
}

async fn headers(request: axum::extract::Request, next: Next) -> axum::response::Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
    response
}
