//! Two names of one machine: a file was copied, and not all of it was changed. What is measured would stand under the
//! wrong name, and leases of the lab itself keep nobody away.

use std::collections::BTreeMap;

use super::error::LabError;
use super::inventory::{ExecDriver, GridDriver, MachineFile, PowerDriver};

/// Two machines of an inventory that have something which only one can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twins {
    /// Their names.
    pub names: [String; 2],
    /// What they share.
    pub shared: String,
}

impl Twins {
    /// What is wrong, and its remedy.
    pub fn fault(&self) -> LabError {
        let [first, second] = &self.names;
        LabError::new(
            format!(
                "machines/{first}.toml and machines/{second}.toml have the same {}",
                self.shared
            ),
            "correct one of them, or remove it",
        )
    }
}

/// What leads to one machine and no other, most telling first.
fn addresses(file: &MachineFile) -> Vec<String> {
    let mut all = Vec::new();
    if let ExecDriver::Ssh { host, port, .. } = &file.exec {
        all.push(format!("host and port of [exec], {host}:{port}"));
    }
    if let Some(bmc) = &file.bmc {
        all.push(format!("host and port of [bmc], {}:{}", bmc.host, bmc.port));
    }
    if let PowerDriver::Powerman(node) = &file.power {
        all.push(format!("node of [power], {} of {}", node.node, node.server));
    }
    match &file.grid {
        GridDriver::Local => {}
        GridDriver::Labgrid(grid) => all.push(format!("place of [grid], {}", grid.place)),
        GridDriver::Orthos(grid) => all.push(format!("fqdn of [grid], {}", grid.fqdn)),
    }
    all
}

/// Each pair once.
pub fn twins(machines: &BTreeMap<String, MachineFile>) -> Vec<Twins> {
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    let mut found: Vec<Twins> = Vec::new();
    for (name, file) in machines {
        for shared in addresses(file) {
            let first = *owners.entry(shared.clone()).or_insert(name);
            let names = [first.to_owned(), name.clone()];
            if first != name && found.iter().all(|twins| twins.names != names) {
                found.push(Twins { names, shared });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(host: &str, bmc: &str) -> MachineFile {
        let text = format!(
            "[power]\ndriver = \"ipmi\"\n[bmc]\nhost = \"{bmc}\"\nuser = \"a\"\npassword_file = \"b\"\n\
             [exec]\ndriver = \"ssh\"\nhost = \"{host}\"\nhost_key = \"k\"\n[boot]\ndriver = \"grub\"\n"
        );
        toml::from_str(&text).expect("a machine")
    }

    #[test]
    fn a_copied_file_is_found_by_what_was_not_changed() {
        let machines = [
            ("ivor", machine("ivor", "ivor-bmc")),
            ("ivory", machine("ivor", "ivor-bmc")),
            ("ivy", machine("ivy", "ivor-bmc")),
            ("other", machine("other", "other-bmc")),
        ];
        let machines = machines.map(|(name, file)| (name.to_owned(), file)).into();
        let faults: Vec<String> = twins(&machines).iter().map(|twins| twins.fault().what).collect();
        assert_eq!(
            faults,
            [
                "machines/ivor.toml and machines/ivory.toml have the same host and port of [exec], ivor:22",
                "machines/ivor.toml and machines/ivy.toml have the same host and port of [bmc], ivor-bmc:623",
            ]
        );
    }
}
