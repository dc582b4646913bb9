//! Machines of Orthos 2, over HTTP.
//!
//! Errors come back as successes whose content tells, and some requests that only seem to ask change
//! something: what came of it is looked at afterwards, and nothing is asked again by itself.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Lease;
use super::behind::{Holder, Outer};
use crate::lab::error::LabError;
use crate::lab::http::{Body, Login, Server, encoded};
use crate::lab::power::{Power, PowerState, told};
use crate::lab::secret::secret;
use crate::notes;

const DAY: Duration = Duration::from_secs(86_400);
/// What it says of a machine that somebody else has, or nobody.
const NOT_OURS: &str = "not allowed to perform this action";

/// A machine of Orthos 2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Orthos {
    /// Address of the server, such as `https://orthos.example.org`.
    pub url: String,
    /// Full name of the machine.
    pub fqdn: String,
    /// User; an account of its own for each lab.
    pub user: String,
    /// File whose first line is the password.
    pub password_file: PathBuf,
    /// Hash of its key, where no authority vouches for its certificate: `sha256//…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
}

/// A machine that is asked for.
pub struct OrthosMachine {
    file: Orthos,
    /// What a login gave.
    token: Mutex<Option<String>>,
}

impl OrthosMachine {
    /// The paths of the file are those of the lab.
    pub fn new(file: &Orthos, lab: &Path) -> OrthosMachine {
        let password_file = lab.join(&file.password_file);
        OrthosMachine { file: Orthos { password_file, ..file.clone() }, token: Mutex::new(None) }
    }

    fn error(&self, what: &str) -> LabError {
        let remedy = if what.contains(NOT_OURS) {
            "reserve it first (melbot machine reserve): who has not cannot even ask for its power"
        } else {
            "see that url, fqdn, user and password_file of [grid] are right, and what its web page says"
        };
        LabError::new(format!("{} of {}: {what}", self.file.fqdn, self.file.url), remedy)
    }

    fn server(&self, login: Login) -> Server {
        Server { url: self.file.url.clone(), public_key: self.file.public_key.clone(), login }
    }

    fn token(&self) -> Result<String, LabError> {
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = token.as_ref() {
            return Ok(token.clone());
        }
        let password = secret(&self.file.password_file)?;
        let form = [("username", self.file.user.as_str()), ("password", password.as_str())];
        let answer = self.server(Login::None).ask("/api/login", Body::Form(&form))?;
        let Some(fresh) = answer.body["token"].as_str() else {
            let what = format!("it does not let {} in (status {})", self.file.user, answer.status);
            return Err(self.error(&what));
        };
        *token = Some(fresh.to_owned());
        Ok(fresh.to_owned())
    }

    fn ask(&self, path: &str, body: Body) -> Result<Value, LabError> {
        let once = || {
            let login = Login::Header(format!("Token {}", self.token()?));
            self.server(login).ask(path, body)
        };
        let mut answer = once()?;
        if answer.status == 401 {
            // A token of before, which is not good any more: nothing was done.
            *self.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
            answer = once()?;
        }
        match complaint(answer.status, &answer.body) {
            Some(what) => Err(self.error(&what)),
            None => Ok(answer.body),
        }
    }

    fn named(&self, verb: &str) -> String {
        format!("/api/{verb}?fqdn={}", encoded(&self.file.fqdn))
    }

    fn machine(&self) -> Result<Value, LabError> {
        let mut answer = self.ask(&self.named("machine"), Body::None)?;
        let machine = answer["data"].take();
        // Part of a name finds a machine as well.
        match field(&machine, "fqdn") {
            Some(fqdn) if fqdn == self.file.fqdn => Ok(machine),
            _ => Err(self.error("it knows no machine of exactly this name")),
        }
    }

    fn reserve(&self, machine: &Value, reason: &str, time: Duration) -> Result<(), LabError> {
        let Some(id) = machine["id"]["value"].as_u64() else {
            return Err(self.error("it has no id"));
        };
        let days = time.as_secs().div_ceil(DAY.as_secs()).max(1);
        let reason = if reason.is_empty() { "melbot" } else { reason };
        let form = json!({ "username": self.file.user, "reason": reason, "until": days });
        let form = json!({ "form": form });
        self.ask(&format!("/api/machine/{id}/reserve"), Body::Json(&form)).map(drop)
    }

    /// What it can be set up with: `distribution:profile`.
    fn profiles(&self) -> Result<Vec<String>, LabError> {
        let answer =
            self.ask(&format!("{}&option_or_choice=list", self.named("setup")), Body::None)?;
        match answer["data"].as_array() {
            Some(rows) => {
                Ok(rows.iter().filter_map(|row| Some(row["full"].as_str()?.to_owned())).collect())
            }
            None => Err(self.error(message(&answer))),
        }
    }

    /// An error if it cannot be set up with that.
    pub fn offers(&self, profile: &str) -> Result<(), LabError> {
        let profiles = self.profiles()?;
        if profiles.iter().any(|offered| offered == profile) {
            return Ok(());
        }
        Err(LabError::new(
            format!("{} offers no {profile} for {}", self.file.url, self.file.fqdn),
            format!("correct profile of [deploy]; there are: {}", profiles.join(", ")),
        ))
    }

    /// Asks for another system on it, which is going to be installed some time later.
    pub fn setup(&self, profile: &str) -> Result<(), LabError> {
        // It sets machines up for whoever asks, whosever they are.
        if !matches!(self.holder()?, Holder::Us) {
            return Err(LabError::new(
                format!(
                    "{} of {} is not reserved by {}",
                    self.file.fqdn, self.file.url, self.file.user
                ),
                "reserve it first (melbot machine reserve)",
            ));
        }
        self.offers(profile)?;
        let path = format!("{}&option_or_choice={}", self.named("setup"), encoded(profile));
        self.ask(&path, Body::None).map(drop)
    }

    fn power(&self, action: &str) -> Result<Value, LabError> {
        self.ask(&format!("{}&action={action}", self.named("powercycle")), Body::None)
    }
}

/// What is wrong with an answer, if something is.
fn complaint(status: u16, body: &Value) -> Option<String> {
    if (300..400).contains(&status) {
        // Of a machine by part of its name, too.
        let what = "it sends to another address: fqdn has to be the whole name, and url the one its page has";
        return Some(what.to_owned());
    }
    if !(200..300).contains(&status) {
        let detail = body["detail"].as_str().unwrap_or("no reason is told");
        return Some(format!("status {status}: {detail}"));
    }
    match (body["header"]["type"].as_str(), body["data"]["type"].as_str()) {
        (Some("AUTHREQUIRED"), _) => Some("it wants a login".to_owned()),
        (Some("SELECT"), _) => Some("more than one machine has a name like this".to_owned()),
        (_, Some("ERROR")) => Some(message(body).to_owned()),
        (Some(_), _) => None,
        (None, _) => Some("this is no answer of Orthos 2".to_owned()),
    }
}

/// Where the server failed in its own code stands before what a person can understand.
fn message(body: &Value) -> &str {
    let text = body["data"]["message"].as_str().unwrap_or_default();
    let inner = text.starts_with("EXCEPTION IN (").then(|| text.rsplit_once("): ")).flatten();
    inner.map_or(text, |(_, message)| message)
}

fn field<'a>(machine: &'a Value, name: &str) -> Option<&'a str> {
    machine[name]["value"].as_str().filter(|value| !value.is_empty())
}

impl Outer for OrthosMachine {
    fn name(&self) -> &str {
        &self.file.user
    }

    fn holder(&self) -> Result<Holder, LabError> {
        let machine = self.machine()?;
        Ok(match field(&machine, "reserved_by") {
            None => Holder::Nobody,
            Some(user) if user == self.file.user => Holder::Us,
            Some(user) => Holder::Other(Lease {
                owner: user.to_owned(),
                reason: format!(
                    "{}, until {}",
                    field(&machine, "reserved_reason").unwrap_or("no reason"),
                    field(&machine, "reserved_until").map_or("they are done", day)
                ),
                until: None,
            }),
        })
    }

    /// There is no queue: who has it keeps it, and it is not asked for.
    fn take(&self, reason: &str, time: Duration) -> Result<(), LabError> {
        match self.holder()? {
            Holder::Other(_) => Ok(()),
            _ => self.reserve(&self.machine()?, reason, time),
        }
    }

    /// It lends for whole days.
    fn keep(&self, reason: &str, time: Duration) -> Result<(), LabError> {
        let machine = self.machine()?;
        let needed = notes::utc(SystemTime::now() + time);
        match field(&machine, "reserved_until") {
            Some(until) if day(until) <= day(&needed) => self.reserve(&machine, reason, time + DAY),
            _ => Ok(()),
        }
    }

    fn give_back(&self, held: bool) -> Result<(), LabError> {
        if !held {
            return Ok(());
        }
        self.ask(&self.named("release"), Body::None)?;
        match self.holder()? {
            Holder::Us => Err(self.error("it says OK, but does not take it back")),
            _ => Ok(()),
        }
    }
}

/// The day of a time.
fn day(time: &str) -> &str {
    time.get(..10).unwrap_or(time)
}

impl Power for OrthosMachine {
    fn on(&self) -> Result<(), LabError> {
        self.power("on").map(drop)
    }

    fn off(&self) -> Result<(), LabError> {
        self.power("off-remotepower").map(drop)
    }

    fn soft_off(&self) -> Result<bool, LabError> {
        self.power("off-ssh").map(|_| true)
    }

    /// `Status: On (name of the device)`.
    fn state(&self) -> Result<PowerState, LabError> {
        let answer = self.power("status")?;
        let status = message(&answer).split('(').next().unwrap_or_default();
        told(status)
            .ok_or_else(|| self.error(&format!("its power is neither on nor off: {status}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_by_the_content() {
        let error = json!({ "header": { "type": "MESSAGE" },
            "data": { "type": "ERROR", "message": "Machine is not reserved." } });
        assert_eq!(complaint(200, &error).as_deref(), Some("Machine is not reserved."));
        let inner = json!({ "header": { "type": "MESSAGE" },
            "data": { "type": "ERROR", "message": "EXCEPTION IN (x.py, LINE 8 \"f()\"): No x" } });
        assert_eq!(complaint(200, &inner).as_deref(), Some("No x"));
        let fine = json!({ "header": { "type": "MESSAGE" },
            "data": { "type": null, "message": "OK." } });
        assert_eq!(complaint(200, &fine), None);
        let login = json!({ "header": { "type": "AUTHREQUIRED" }, "data": null });
        assert_eq!(complaint(200, &login).as_deref(), Some("it wants a login"));
        assert!(complaint(200, &Value::Null).is_some(), "a page of something else");
        let elsewhere = complaint(302, &Value::Null).unwrap_or_default();
        assert!(elsewhere.contains("whole name"), "{elsewhere}");
        let token = json!({ "detail": "Invalid token." });
        assert_eq!(complaint(401, &token).as_deref(), Some("status 401: Invalid token."));
    }
}
