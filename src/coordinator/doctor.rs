//! Looks at everything that a coordinator needs, and says what to do where it is not so.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::desk::{Desk, STATE};
use super::http::tokens::{self, Tokens};
use super::settings::Settings;
use crate::kernel::git::git_command;
use crate::lab::{Lab, process, twins};
use crate::notify;
use crate::queue::{Clock, Queue};

/// Answers of other hosts.
const ASK: Duration = Duration::from_secs(60);
/// An object tree of a distribution's kernel takes 15 GB.
const ROOM: u64 = 20 << 30;

/// What was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub what: String,
    /// What is wrong with it, and what to do.
    pub fault: Option<String>,
}

/// Looks at all of it; `tell` hears of each as soon as it is known.
pub fn examine(lab: &Lab, tell: &mut dyn FnMut(&Finding)) {
    let folder = lab.folder();
    for finding in what_builds_need() {
        tell(&finding);
    }
    let mut look = |what: &str, result: Result<(), String>| {
        tell(&Finding { what: what.to_owned(), fault: result.err() });
    };
    for (program, package) in [("tar", "tar"), ("ssh", "openssh-client")] {
        look(program, program_is_there(program, package));
    }
    look("disk", room(folder));
    look("clock", clock());
    let settings = Settings::read(folder);
    look("coordinator.toml", settings.as_ref().map(drop).map_err(|error| error.to_string()));
    look("machines", machines(lab, settings.as_ref().ok()));
    if folder.join(STATE).is_dir() {
        look("queue", queue(folder));
    }
    let Ok(desk) = Desk::at(lab) else { return };
    for (name, kconfig) in &desk.settings.kconfigs {
        let text = kconfig.below(folder).text();
        look(&format!("kconfig {name}"), text.map(drop).map_err(|error| error.to_string()));
    }
    for name in desk.settings.trees.keys() {
        look(&format!("tree {name}"), tree(&desk, name));
    }
    if let Some(address) = &desk.settings.http.listen {
        look(&format!("address {address}"), address_is_free(&desk, address));
        let tokens = Tokens::read(&desk.state(tokens::FILE));
        look("tokens", tokens.map(drop).map_err(|error| error.to_string()));
    }
    look("mail", mail(folder));
}

/// Programs without which no kernel is built.
pub fn what_builds_need() -> Vec<Finding> {
    let programs = [
        ("git", "git"),
        ("make", "make"),
        ("gcc", "gcc"),
        ("flex", "flex"),
        ("bison", "bison"),
        ("bc", "bc"),
        ("flock", "util-linux"),
        ("curl", "curl"),
    ];
    let finding = |(program, package): (&str, &str)| Finding {
        what: program.to_owned(),
        fault: program_is_there(program, package).err(),
    };
    programs.into_iter().map(finding).collect()
}

fn mail(lab: &Path) -> Result<(), String> {
    match notify::Settings::read(lab) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err("nobody is told: write notify.toml, see docs/LAB.md".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn program_is_there(program: &str, package: &str) -> Result<(), String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    let there = match program.contains('/') {
        true => Path::new(program).is_file(),
        false => folders.into_iter().any(|folder| folder.join(program).is_file()),
    };
    if there { Ok(()) } else { Err(format!("there is no {program}: install {package}")) }
}

fn room(folder: &Path) -> Result<(), String> {
    let disk = rustix::fs::statvfs(folder).map_err(|error| error.to_string())?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let gigabytes = |bytes: u64| bytes >> 30;
    match free >= ROOM {
        true => Ok(()),
        false => Err(format!(
            "{} GB are free, an object tree and its kernels want {}; make room",
            gigabytes(free),
            gigabytes(ROOM)
        )),
    }
}

/// Before this code was written is never.
fn clock() -> Result<(), String> {
    match Clock::system().now() > 1_764_000_000_000 {
        true => Ok(()),
        false => {
            Err("it is in the past; have it set over the network (systemd-timesyncd)".to_owned())
        }
    }
}

fn machines(lab: &Lab, settings: Option<&Settings>) -> Result<(), String> {
    let inventory = lab.inventory().map_err(|error| error.to_string())?;
    if let Some(fault) = inventory.faults.first() {
        return Err(fault.to_string());
    }
    if let Some(twins) = twins(&inventory.machines).first() {
        return Err(twins.fault().to_string());
    }
    let policies = settings.map_or(&[][..], |settings| &settings.policies);
    let mut named = policies.iter().flat_map(|policy| &policy.machines);
    match named.find(|name| !inventory.machines.contains_key(*name)) {
        Some(name) => Err(format!("there is no machines/{name}.toml, which a policy names")),
        None => Ok(()),
    }
}

fn queue(lab: &Path) -> Result<(), String> {
    let place = Desk::queue_of(lab).map_err(|error| error.to_string())?;
    Queue::open(&place, Clock::system())
        .and_then(|mut queue| queue.check().and_then(|()| queue.check_writable()))
        .map_err(|error| error.to_string())
}

fn tree(desk: &Desk, name: &str) -> Result<(), String> {
    let tree = desk.tree(name).map_err(|error| error.to_string())?;
    let mut command: Command = git_command();
    command.args(["ls-remote", "--heads", "--", &tree.url]);
    let mut heads = std::io::sink();
    let exit = process::run(&mut command, &mut std::io::empty(), &mut heads, 64 << 20, ASK)
        .map_err(|error| error.to_string())?;
    match exit.success() {
        true => Ok(()),
        false => Err(process::last_line(&exit.complaint)),
    }
}

fn address_is_free(desk: &Desk, address: &str) -> Result<(), String> {
    let ours = super::desk::only_one(&desk.state("coordinator.lock"), "coordinator");
    match (ours, TcpListener::bind(address)) {
        // The coordinator itself listens there.
        (Err(_), Err(_)) | (_, Ok(_)) => Ok(()),
        (Ok(_), Err(error)) => Err(format!("{error}; say another one for listen in [http]")),
    }
}
