//! Bringing the system of a machine to what its file declares: packages, users, keys, parameters of the kernel.
//!
//! Each part looks first and changes only what is not so, and says what it changed: a second time there is
//! nothing to say.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::LabError;
use super::exec::{self, Exec};
use super::inventory::Template;
use super::names::plain_name;

const PACKAGES: &str = include_str!("files/packages.sh");
const USER: &str = include_str!("files/user.sh");
const SYSCTLS: &str = include_str!("files/sysctls.sh");
/// Installing packages takes no longer.
const WITHIN: Duration = Duration::from_secs(3600);

/// What a machine has, on whatever system it was given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Prepare {
    /// Packages of its distribution, which are installed by `apt-get`, `zypper` or `dnf`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<String>,
    /// Users, each with the public keys that log in as them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub users: BTreeMap<String, Vec<String>>,
    /// Parameters of the kernel, set in every boot.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sysctls: BTreeMap<String, String>,
    /// What else is run, as root. Each must do no harm where it was done before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<Template>,
}

impl Prepare {
    /// Does it; gives what was changed, a line each. What the commands change they do not tell.
    pub fn run(&self, exec: &dyn Exec) -> Result<Vec<String>, LabError> {
        let mut changed = Vec::new();
        let mut script = |text: &str, words: Vec<&str>| -> Result<(), LabError> {
            let said =
                exec::text(exec, &[&["sh", "-c", text, "melbot"], &words[..]].concat(), WITHIN)?;
            changed.extend(said.lines().map(str::to_owned));
            Ok(())
        };
        if !self.packages.is_empty() {
            script(PACKAGES, self.packages.iter().map(String::as_str).collect())?;
        }
        for (user, keys) in &self.users {
            let keys = keys.iter().map(|key| key.trim());
            script(USER, std::iter::once(user.as_str()).chain(keys).collect())?;
        }
        if !self.sysctls.is_empty() {
            script(SYSCTLS, vec![&self.lines()])?;
        }
        for words in &self.commands {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            exec::text(exec, &words, WITHIN)?;
        }
        Ok(changed)
    }

    /// As `/etc/sysctl.d` has them.
    fn lines(&self) -> String {
        let line = |(name, value): (&String, &String)| format!("{name} = {value}");
        self.sysctls.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// What is wrong with it: a word that stands near it, and a sentence.
    pub(super) fn wrong(&self) -> Option<(String, String)> {
        let users = self.users.keys().find(|name| !plain_name(name) || name.starts_with('-'));
        let package = |name: &&String| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "._+-:()/".contains(c);
            name.is_empty() || name.starts_with('-') || !name.chars().all(plain)
        };
        let parameter = |name: &&String| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
            name.is_empty() || name.starts_with('-') || !name.chars().all(plain)
        };
        let line =
            |text: &&String| text.trim().is_empty() || text.trim().contains(char::is_control);
        let said = |what: &'static str| {
            move |word: &String| (word.clone(), format!("{word:?} is no {what}"))
        };
        None.or_else(|| self.packages.iter().find(package).map(said("name of a package")))
            .or_else(|| users.map(said("name of a user")))
            .or_else(|| self.users.values().flatten().find(line).map(said("public key")))
            .or_else(|| self.sysctls.keys().find(parameter).map(said("parameter of the kernel")))
            .or_else(|| self.sysctls.values().find(line).map(said("value of a parameter")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_read_is_no_name() {
        let prepare = |text: &str| toml::from_str::<Prepare>(text).expect("valid").wrong();
        for good in [
            "packages = [\"gcc\", \"libstdc++6\", \"perl(File::Slurp)\", \"linux-perf-6.1\"]",
            "users = { bench = [\"ssh-ed25519 AAAA jane@desk\"] }",
            "sysctls = { \"net.ipv4.tcp_rmem\" = \"4096 131072 6291456\" }",
        ] {
            assert_eq!(prepare(good), None, "{good}");
        }
        for (bad, says) in [
            ("packages = [\"gcc; reboot\"]", "no name of a package"),
            ("packages = [\"--help\"]", "no name of a package"),
            ("users = { \"a b\" = [] }", "no name of a user"),
            ("users = { a = [\"ssh-rsa A\\nssh-rsa B\"] }", "no public key"),
            ("sysctls = { \"a = b\" = \"1\" }", "no parameter of the kernel"),
            ("sysctls = { a = \"1\\nb = 2\" }", "no value of a parameter"),
        ] {
            assert!(prepare(bad).is_some_and(|(_, what)| what.contains(says)), "{bad}");
        }
    }
}
