//! A real PostgreSQL, which goes away with its last user.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use ::postgres::{Client, NoTls};

/// A server with a cluster of its own.
pub struct Server {
    #[expect(dead_code, reason = "it goes away with the server")]
    folder: tempfile::TempDir,
    url: String,
    server: Child,
    databases: AtomicUsize,
}

/// Debian keeps its programs where nobody looks.
fn program(name: &str) -> PathBuf {
    let folders = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = folders.map(|f| f.path().join("bin").join(name)).collect();
    found.retain(|path| path.is_file());
    found.sort();
    found.pop().unwrap_or_else(|| panic!("there is no {name}: apt-get install postgresql"))
}

/// PostgreSQL does not work for root.
fn as_nobody(name: &str) -> Command {
    let program = program(name);
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}

impl Server {
    /// The one that other tests are using, or a new one.
    pub fn shared() -> Arc<Server> {
        static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return server;
        }
        let server = Arc::new(Server::start());
        *shared = Arc::downgrade(&server);
        server
    }

    fn start() -> Server {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        fs::create_dir(&data).expect("writable");
        for path in [folder.path(), data.as_path()] {
            own(path);
        }
        let made = as_nobody("initdb")
            .args(["--auth=trust", "--username=melbot", "--no-sync", "-D"])
            .arg(&data)
            .current_dir(folder.path())
            .output()
            .expect("it runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port =
            TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it").port();
        let server = as_nobody("postgres")
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories=", "-c", "max_connections=120"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        let url = format!("postgres://melbot@127.0.0.1:{port}");
        let server = Server { folder, url, server, databases: AtomicUsize::new(0) };
        let began = Instant::now();
        while Client::connect(&server.of("postgres"), NoTls).is_err() {
            assert!(began.elapsed() < Duration::from_secs(60), "PostgreSQL does not start");
            thread::sleep(Duration::from_millis(50));
        }
        server
    }

    fn of(&self, database: &str) -> String {
        format!("{}/{database}", self.url)
    }

    /// The URL of a new database.
    pub fn database(&self) -> String {
        let name = format!("queue{}", self.databases.fetch_add(1, Ordering::SeqCst));
        let mut client = Client::connect(&self.of("postgres"), NoTls).expect("it answers");
        client.batch_execute(&format!("CREATE DATABASE {name}")).expect("it may");
        self.of(&name)
    }
}

fn own(path: &Path) {
    if rustix::process::geteuid().is_root() {
        let done = Command::new("chown").arg("postgres:postgres").arg(path).status();
        assert!(done.expect("it runs").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGQUIT: at once.
        let pid = rustix::process::Pid::from_child(&self.server);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
        let _ = self.server.wait();
    }
}
