//! Power by Redfish.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Power, PowerState};
use crate::lab::error::LabError;
use crate::lab::http::{Answer, Body, Login, Server};
use crate::lab::secret::secret;

/// Where all systems of a controller are listed.
const SYSTEMS: &str = "/redfish/v1/Systems";

/// A controller that speaks Redfish.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redfish {
    /// Address, such as `https://bmc.example.org`.
    pub url: String,
    /// Path of the system, such as `/redfish/v1/Systems/1`; may be left out where there is one only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// User.
    pub user: String,
    /// File whose first line is the password.
    pub password_file: PathBuf,
    /// Hash of its key, where no authority vouches for its certificate: `sha256//…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
}

/// A system that is asked.
pub struct RedfishPower {
    controller: Redfish,
    /// Path of the system.
    system: OnceLock<String>,
}

impl RedfishPower {
    /// The paths of the file are those of the lab.
    pub fn new(file: &Redfish, lab: &Path) -> RedfishPower {
        let password_file = lab.join(&file.password_file);
        let controller = Redfish { password_file, ..file.clone() };
        RedfishPower { controller, system: OnceLock::new() }
    }

    fn ask(&self, path: &str, body: Body) -> Result<Value, LabError> {
        let controller = &self.controller;
        let password = secret(&controller.password_file)?;
        let server = Server {
            url: controller.url.clone(),
            public_key: controller.public_key.clone(),
            login: Login::Basic(controller.user.clone(), password),
        };
        let Answer { status, body } = server.ask(path, body)?;
        if (200..300).contains(&status) {
            return Ok(body);
        }
        let message = body["error"]["message"].as_str().unwrap_or("no message");
        Err(LabError::new(
            format!("{}{path}: status {status}: {message}", controller.url),
            "see that url, system, user and password_file of [power] are right",
        ))
    }

    fn system(&self) -> Result<&str, LabError> {
        if let Some(system) = self.system.get() {
            return Ok(system);
        }
        let path = match &self.controller.system {
            Some(path) => path.clone(),
            None => {
                let all = self.ask(SYSTEMS, Body::None)?;
                let members = all["Members"].as_array().map(Vec::as_slice).unwrap_or_default();
                let paths = members.iter().filter_map(|member| member["@odata.id"].as_str());
                let paths: Vec<&str> = paths.collect();
                let [path] = paths[..] else {
                    return Err(LabError::new(
                        format!("{} has the systems {}", self.controller.url, paths.join(", ")),
                        "name one of them as system in [power]",
                    ));
                };
                path.to_owned()
            }
        };
        Ok(self.system.get_or_init(|| path))
    }

    /// Asks for the first of these that the system knows. A system that is as wanted may refuse it.
    fn reset(&self, types: &[&str], wanted: PowerState) -> Result<(), LabError> {
        let path = self.system()?;
        let system = self.ask(path, Body::None)?;
        let action = &system["Actions"]["#ComputerSystem.Reset"];
        let known = action["ResetType@Redfish.AllowableValues"].as_array();
        let knows = |kind: &&&str| known.is_none_or(|known| known.iter().any(|k| k == **kind));
        let Some(kind) = types.iter().find(knows) else {
            let what = format!("{path} cannot be switched by {}", types.join(" or "));
            return Err(LabError::new(what, "see what its Actions allow"));
        };
        let by_name = format!("{path}/Actions/ComputerSystem.Reset");
        let target = action["target"].as_str().unwrap_or(&by_name);
        match self.ask(target, Body::Json(&json!({ "ResetType": kind }))) {
            Err(error) if state(&system) != Some(wanted) => Err(error),
            _ => Ok(()),
        }
    }
}

/// On its way is not there.
fn state(system: &Value) -> Option<PowerState> {
    match system["PowerState"].as_str()? {
        "On" | "PoweringOff" | "Paused" => Some(PowerState::On),
        "Off" | "PoweringOn" => Some(PowerState::Off),
        _ => None,
    }
}

impl Power for RedfishPower {
    fn on(&self) -> Result<(), LabError> {
        self.reset(&["On", "ForceOn"], PowerState::On)
    }

    fn off(&self) -> Result<(), LabError> {
        self.reset(&["ForceOff"], PowerState::Off)
    }

    fn soft_off(&self) -> Result<bool, LabError> {
        self.reset(&["GracefulShutdown"], PowerState::Off).map(|()| true)
    }

    fn state(&self) -> Result<PowerState, LabError> {
        let path = self.system()?;
        let system = self.ask(path, Body::None)?;
        state(&system).ok_or_else(|| {
            let what = format!("{path}: PowerState is {}", system["PowerState"]);
            LabError::new(what, "see whether system in [power] is the path of a system")
        })
    }
}
