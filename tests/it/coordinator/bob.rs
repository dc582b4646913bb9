//! A coordinator at work in a lab, and a tree on git's own server.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::lab::world::World;

/// A bare tree that `git daemon` serves.
pub struct Served {
    folder: PathBuf,
    daemon: Child,
    pub url: String,
}

/// git, with an identity.
pub fn git(folder: &PathBuf, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@t"])
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

impl Served {
    /// Serves an empty tree.
    pub fn new(world: &World) -> Served {
        let above = world.path("served");
        let folder = above.join("linux.git");
        fs::create_dir_all(&folder).unwrap();
        git(&folder, &["init", "--bare", "--quiet"]);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // The program itself: `git daemon` would leave it behind.
        let programs = PathBuf::from(git(&folder, &["--exec-path"]));
        let daemon = Command::new(programs.join("git-daemon"))
            .args(["--export-all", "--reuseaddr", "--listen=127.0.0.1"])
            .arg(format!("--port={port}"))
            .arg(format!("--base-path={}", above.display()))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Served { folder, daemon, url: format!("git://127.0.0.1:{port}/linux.git") }
    }

    /// Pushes a tag of the demo's tree.
    pub fn push(&self, world: &World, tag: &str) {
        let to = self.folder.display().to_string();
        git(&world.path("tree"), &["push", "--quiet", &to, &format!("refs/tags/{tag}")]);
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

/// A coordinator.
pub struct Bob<'w> {
    world: &'w World,
    child: Child,
}

impl<'w> Bob<'w> {
    pub fn start(world: &'w World) -> Bob<'w> {
        let log = fs::File::options().create(true).append(true).open(world.path("bob.log"));
        let child = world.command(&["coordinator"]).stderr(log.unwrap()).spawn().unwrap();
        Bob { world, child }
    }

    /// Waits until something is so.
    #[track_caller]
    pub fn wait(&mut self, what: &str, within: Duration, mut so: impl FnMut() -> bool) {
        let began = Instant::now();
        while !so() {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{what}: the coordinator ended with {status}\n{}", self.log());
            }
            assert!(began.elapsed() < within, "{what}: not within {within:?}\n{}", self.log());
            thread::sleep(Duration::from_millis(200));
        }
    }

    pub fn log(&self) -> String {
        let read = |path: &str| fs::read_to_string(self.world.path(path)).unwrap_or_default();
        let machines = self.world.list("machines");
        let clients = machines.iter().map(|file| file.trim_end_matches(".toml")).map(|name| {
            format!("\nclient of {name}:\n{}", read(&format!("state/{name}/client.log")))
        });
        read("bob.log") + &clients.collect::<String>()
    }

    /// Ends it as the power does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends the clients of its machines as the power does; gives how many there were.
    pub fn kill_clients(&self) -> usize {
        let lab = self.world.path("").canonicalize().unwrap();
        let lab = lab.to_str().unwrap();
        let mut killed = 0;
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            if line.starts_with("melbot client ") && line.contains(lab) {
                let pid = process.file_name().into_string().unwrap();
                // It may just have ended by itself.
                let _ = Command::new("kill").args(["-KILL", &pid]).stderr(Stdio::null()).status();
                killed += 1;
            }
        }
        killed
    }

    /// Ends it in good order.
    pub fn end(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}\n{}", self.log());
    }
}

impl Drop for Bob<'_> {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
            let _ = self.child.wait();
        }
    }
}
