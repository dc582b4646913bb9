//! A lab of the demo, made once and copied for each test.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// The packages come from the network, so that they are fetched once.
pub fn original() -> &'static Path {
    static ORIGINAL: OnceLock<TempDir> = OnceLock::new();
    let folder = ORIGINAL.get_or_init(|| {
        let folder = tempfile::Builder::new().prefix("lab").tempdir().unwrap();
        let mut init = melbot();
        let made = init.args(["init", "--iterations", "1", "--demo"]).arg(folder.path()).output();
        let made = made.unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        folder
    });
    folder.path()
}

fn melbot() -> Command {
    Command::new(env!("CARGO_BIN_EXE_melbot"))
}

/// A lab of its own, whose machines are off when it goes.
pub struct World {
    folder: TempDir,
}

/// How a melbot ended, and what it printed.
pub struct Ended {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl World {
    /// Both machines, each with a port of its own.
    pub fn new() -> World {
        // A short path: sockets are in it.
        let folder = tempfile::Builder::new().prefix("lab").tempdir().unwrap();
        copy(original(), folder.path());
        let world = World { folder };
        for machine in ["vm1", "vm2"] {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            world.edit(&format!("machines/{machine}.toml"), |text| {
                let old = text.lines().find(|line| line.starts_with("port = ")).unwrap();
                text.replace(old.strip_prefix("port = ").unwrap(), &port.to_string())
            });
        }
        world
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
        let output = self.command(arguments).output().unwrap();
        Ended {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What a command prints that has to succeed.
    pub fn printed(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.status, Some(0), "{arguments:?}:\n{}\n{}", ended.stdout, ended.stderr);
        ended.stdout
    }

    /// Nobody has the machine, and it is off.
    pub fn assert_given_back(&self, machine: &str) {
        assert_eq!(self.printed(&["machine", "power", machine, "status"]), "off\n");
        assert!(self.printed(&["machine", "release", machine]).contains("is free\n"));
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for machine in ["vm1", "vm2"] {
            let _ = self.command(&["machine", "release", machine, "--force"]).output();
            let off = self.command(&["machine", "power", machine, "off"]).output().unwrap();
            if !off.status.success() && !std::thread::panicking() {
                panic!("{machine} is left on: {}", String::from_utf8_lossy(&off.stderr));
            }
        }
    }
}

/// Large files are never written to, so that links do.
fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).min_depth(1) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).unwrap();
        } else if entry.metadata().unwrap().len() > 1 << 20 {
            fs::hard_link(entry.path(), &target).unwrap();
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}
