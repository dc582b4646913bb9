//! A lab of the demo, made once and copied for each test.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use tempfile::TempDir;

use crate::support::Ended;

/// The packages come from the network, so that they are fetched once.
pub fn original() -> &'static Path {
    static ORIGINAL: OnceLock<PathBuf> = OnceLock::new();
    ORIGINAL.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lab");
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        let mut init = melbot();
        let made = init.args(["init", "--iterations", "1", "--demo"]).arg(&folder).output();
        let made = made.unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        // Its kernel is unpacked once as well.
        let mut deploy = melbot();
        let made =
            deploy.args(["machine", "deploy", "vm1", "--lab"]).arg(&folder).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        fs::remove_dir_all(folder.join("state/vm1")).unwrap();
        folder
    })
}

fn melbot() -> Command {
    Command::new(env!("CARGO_BIN_EXE_melbot"))
}

/// A lab of its own, whose machines are off when it goes. One at a time: emulated machines that starve
/// each other look as if they hung.
pub struct World {
    folder: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl World {
    /// Both machines, each with a port of its own.
    pub fn new() -> World {
        let turn = turn();
        // A short path: sockets are in it.
        let folder = tempfile::Builder::new().prefix("lab").tempdir().unwrap();
        copy(original(), folder.path());
        let world = World { folder, _turn: turn };
        for machine in ["vm1", "vm2"] {
            let port = free_port();
            world.edit(&format!("machines/{machine}.toml"), |text| {
                let old = text.lines().find(|line| line.starts_with("port = ")).unwrap();
                text.replace(old.strip_prefix("port = ").unwrap(), &port.to_string())
            });
        }
        world
    }

    /// An empty folder.
    pub fn without_machines() -> World {
        let turn = turn();
        let folder = tempfile::Builder::new().prefix("lab").tempdir().unwrap();
        World { folder, _turn: turn }
    }

    /// A job for vm1 that boots the newer kernel; what `config` holds is run by the shell in the guest
    /// before the benchmark. The two jobs of the demo are gone.
    pub fn one_job(&self, attempts: u32, config: &str) {
        let jobs = self.list("jobs");
        self.edit(&format!("jobs/{}", jobs[1]), |text| format!("attempts = {attempts}\n{text}"));
        fs::remove_file(self.path(&format!("jobs/{}", jobs[0]))).unwrap();
        self.edit("mmtests/configs/config-demo-syscalls", |text| {
            format!("{}{config}\n", text.replace("=200000", "=20000"))
        });
    }

    /// How many seconds the machine may be out of reach, and so on.
    pub fn patience(&self, keys: &str) {
        self.edit("machines/vm1.toml", |text| format!("{text}\n[patience]\n{keys}\n"));
    }

    /// The folder of the newest run of vm1.
    pub fn run_folder(&self) -> String {
        let runs = self.list("results/vm1/config-demo-syscalls");
        let last = runs.last().expect("there is a run");
        format!("results/vm1/config-demo-syscalls/{last}")
    }

    pub fn record(&self) -> toml::Table {
        self.read(&format!("{}/run.toml", self.run_folder())).parse().unwrap()
    }

    /// Every step that ended, with its fault if it failed: `run 0: kernel panic`.
    pub fn course(&self) -> Vec<String> {
        let step = |event: &serde_json::Value| match &event["step"] {
            serde_json::Value::String(name) => name.clone(),
            step => {
                let (name, number) = step.as_object().unwrap().iter().next().unwrap();
                format!("{name} {number}")
            }
        };
        let ended = |event: &serde_json::Value| match event["event"].as_str().unwrap() {
            "began" => None,
            "done" => Some(step(event)),
            _ => Some(format!("{}: {}", step(event), event["why"].as_str().unwrap())),
        };
        self.journal("vm1").iter().filter_map(ended).collect()
    }

    pub fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    pub fn read(&self, inside: &str) -> String {
        let path = self.path(inside);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub fn write(&self, inside: &str, text: &str) {
        fs::write(self.path(inside), text).unwrap();
    }

    pub fn edit(&self, inside: &str, change: impl FnOnce(&str) -> String) {
        let text = self.read(inside);
        self.write(inside, &change(&text));
    }

    /// The names of what is in a folder, but for hidden ones.
    pub fn list(&self, inside: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(inside)).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
        names.sort();
        names
    }

    /// A command of melbot in this lab.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = melbot();
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments))
    }

    /// What a command prints that has to succeed.
    pub fn printed(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.status, Some(0), "{arguments:?}:\n{}\n{}", ended.stdout, ended.stderr);
        ended.stdout
    }

    /// What happened to the newest job of a machine.
    pub fn journal(&self, machine: &str) -> Vec<serde_json::Value> {
        let shown = self.printed(&["machine", "show", machine, "--json"]);
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        shown["journal"].as_array().unwrap().clone()
    }

    /// Nobody has the machine, and it is off.
    pub fn assert_given_back(&self, machine: &str) {
        assert_eq!(self.printed(&["machine", "power", machine, "status"]), "off\n");
        assert!(self.printed(&["machine", "release", machine]).contains("is free\n"));
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for machine in self.list("machines") {
            let machine = machine.trim_end_matches(".toml");
            let _ = self.command(&["machine", "release", machine, "--force"]).output();
            let off = self.command(&["machine", "power", machine, "off"]).output().unwrap();
            if !off.status.success() && !std::thread::panicking() {
                panic!("{machine} is left on: {}", String::from_utf8_lossy(&off.stderr));
            }
        }
    }
}

/// A port that nothing listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Large files are never written to, so that links do.
fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).min_depth(1) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).unwrap();
        } else if entry.metadata().unwrap().len() > 1 << 20 {
            fs::hard_link(entry.path(), &target)
                .or_else(|_| fs::copy(entry.path(), &target).map(drop))
                .unwrap();
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}
