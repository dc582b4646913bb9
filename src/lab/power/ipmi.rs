//! Power by IPMI over the network, with `ipmitool`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Power, PowerState, told};
use crate::lab::error::LabError;
use crate::lab::process;
use crate::lab::secret::secret;

/// A controller that does not answer has been asked several times by then.
const WITHIN: Duration = Duration::from_secs(40);

/// A machine's management controller: the `[bmc]` of its file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bmc {
    /// Host name or address.
    pub host: String,
    /// Port of IPMI.
    #[serde(default = "port")]
    pub port: u16,
    /// User.
    pub user: String,
    /// File whose first line is the password.
    pub password_file: PathBuf,
    /// Cipher suite; what most controllers know.
    #[serde(default = "cipher_suite")]
    pub cipher_suite: u8,
}

fn port() -> u16 {
    623
}

fn cipher_suite() -> u8 {
    3
}

impl Bmc {
    /// With the path of the password made absolute.
    pub fn in_lab(&self, lab: &Path) -> Bmc {
        Bmc { password_file: lab.join(&self.password_file), ..self.clone() }
    }

    /// `ipmitool` with these arguments. The password is in a file, as everybody sees arguments.
    fn ipmitool(&self, arguments: &[&str]) -> Vec<String> {
        let (port, suite) = (self.port.to_string(), self.cipher_suite.to_string());
        let file = self.password_file.to_string_lossy();
        let reach = ["ipmitool", "-I", "lanplus", "-C", &suite, "-H", &self.host, "-p", &port];
        let login = ["-U", &self.user, "-f", file.as_ref()];
        [&reach[..], &login[..], arguments].concat().into_iter().map(str::to_owned).collect()
    }

    /// Ends whatever session has the serial port: one whose owner died stays open.
    pub fn close_console(&self) -> Vec<String> {
        self.ipmitool(&["sol", "deactivate"])
    }

    /// The serial port, over the network.
    pub fn open_console(&self) -> Vec<String> {
        self.ipmitool(&["sol", "activate"])
    }

    fn chassis(&self, action: &str) -> Result<String, LabError> {
        secret(&self.password_file)?;
        let words = self.ipmitool(&["chassis", "power", action]);
        process::text(&mut process::command(&words), WITHIN).map_err(|error| {
            LabError::new(
                format!("{} of {}: {}", action, self.host, error.what),
                "see that host, port, user, password_file and cipher_suite of [bmc] are right",
            )
        })
    }
}

impl Power for Bmc {
    fn on(&self) -> Result<(), LabError> {
        self.chassis("on").map(drop)
    }

    fn off(&self) -> Result<(), LabError> {
        self.chassis("off").map(drop)
    }

    fn soft_off(&self) -> Result<bool, LabError> {
        self.chassis("soft").map(|_| true)
    }

    fn state(&self) -> Result<PowerState, LabError> {
        let text = self.chassis("status")?;
        told(&text).ok_or_else(|| {
            LabError::new(
                format!("{} says neither on nor off: {}", self.host, process::last_line(&text)),
                "ask it with ipmitool chassis power status",
            )
        })
    }
}
