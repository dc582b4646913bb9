//! Consoles of conserver, with its `console`.

use serde::{Deserialize, Serialize};

/// A console of a conserver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conserver {
    /// The host it runs on.
    #[serde(default = "here")]
    pub server: String,
    /// Its port.
    #[serde(default = "port")]
    pub port: u16,
    /// The name that it knows the console by.
    pub console: String,
    /// Who we are to it.
    #[serde(default = "user")]
    pub user: String,
}

fn here() -> String {
    "localhost".to_owned()
}

fn port() -> u16 {
    782
}

fn user() -> String {
    "melbot".to_owned()
}

impl Conserver {
    /// Attaches to write, which somebody else may take away: then it is still read. `-e` with two bytes
    /// that no terminal types, as an escape would be obeyed. Nobody's own configuration takes part.
    pub fn command(&self) -> Vec<String> {
        let (port, escape) = (self.port.to_string(), "\u{1e}\u{1f}");
        ["console", "-n", "-C", "/dev/null", "-M", &self.server, "-p", &port, "-l", &self.user]
            .into_iter()
            .chain(["-e", escape, "-f", &self.console])
            .map(str::to_owned)
            .collect()
    }
}
