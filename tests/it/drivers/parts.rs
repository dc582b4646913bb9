//! A lab of one machine, and the programs that it is made of.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::Ended;

/// Nothing that works takes longer, on a machine with much else to do.
pub const LONG: Duration = Duration::from_secs(120);

/// A lab with the machine `node1`.
pub struct Lab {
    folder: TempDir,
}

impl Lab {
    /// The tables of the machine's file that are not there are filled in.
    pub fn new(tables: &str) -> Lab {
        let folder = tempfile::Builder::new().prefix("lab").tempdir().unwrap();
        let lab = Lab { folder };
        lab.machine(tables);
        lab
    }

    pub fn machine(&self, tables: &str) {
        let mut text = tables.to_owned();
        for (name, content) in [
            (
                "power",
                "driver = \"command\"\non = [\"true\"]\noff = [\"true\"]\nstatus = [\"echo\", \"off\"]",
            ),
            (
                "exec",
                "driver = \"ssh\"\nhost = \"127.0.0.1\"\nport = 9\nhost_key = \"ssh-ed25519 AAAA\"",
            ),
            ("boot", "driver = \"command\"\ninstall = []\nonce = []"),
        ] {
            if !text.contains(&format!("[{name}]")) {
                text += &format!("\n[{name}]\n{content}\n");
            }
        }
        self.write("machines/node1.toml", &text);
    }

    /// How many seconds things may take.
    pub fn patience(&self, keys: &str) {
        let text = self.read("machines/node1.toml");
        let rest = text.split("[patience]").next().unwrap();
        let other = text.split_once("[patience]").and_then(|(_, after)| after.split_once("\n["));
        let other = other.map_or(String::new(), |(_, tables)| format!("\n[{tables}"));
        self.write("machines/node1.toml", &format!("{rest}{other}\n[patience]\n{keys}\n"));
    }

    pub fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    pub fn write(&self, inside: &str, text: &str) -> PathBuf {
        let path = self.path(inside);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// A program.
    pub fn script(&self, inside: &str, text: &str) -> PathBuf {
        let path = self.write(inside, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// A password.
    pub fn secret(&self, inside: &str, password: &str) {
        let path = self.write(inside, &format!("{password}\n"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    pub fn read(&self, inside: &str) -> String {
        let path = self.path(inside);
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_melbot"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments))
    }

    /// What a command prints that has to succeed.
    #[track_caller]
    pub fn printed(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.status, Some(0), "{arguments:?}:\n{}\n{}", ended.stdout, ended.stderr);
        ended.stdout
    }

    /// What a command complains of that has to fail.
    #[track_caller]
    pub fn refused(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_ne!(ended.status, Some(0), "{arguments:?}:\n{}", ended.stdout);
        ended.stderr
    }

    /// Switches the machine; says how it is then.
    #[track_caller]
    pub fn power(&self, action: &str) -> String {
        self.printed(&["machine", "power", "node1", action])
    }

    /// Owns the console from now on.
    pub fn attach(&self) -> Part {
        let mut command = self.command(&["machine", "console", "node1"]);
        // It shows the log, which is looked at anyway.
        Part::start(command.stdin(Stdio::piped()))
    }

    /// Waits until the log of the console holds this so often.
    #[track_caller]
    pub fn console_says(&self, text: &str, times: usize) {
        let log = self.path("state/node1/console/console.log");
        let said = || String::from_utf8_lossy(&fs::read(&log).unwrap_or_default()).into_owned();
        let enough = || said().matches(text).count() >= times;
        assert!(until(enough), "{text:?} is not there {times} times:\n{}", said());
    }
}

/// A program that runs as long as this lives, with all that it starts.
pub struct Part(pub Child);

impl Part {
    pub fn start(command: &mut Command) -> Part {
        command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn();
        Part(child.unwrap_or_else(|error| {
            panic!("{:?}: {error}: tests/run installs it", command.get_program())
        }))
    }

    /// Ends it as its own system would.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let group = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process_group(group, signal);
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.signal(rustix::process::Signal::KILL);
        let _ = self.0.wait();
    }
}

/// `false` if it never becomes true.
pub fn until(mut so: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < LONG {
        if so() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// A port that nothing listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub fn free_udp_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits until something listens there.
#[track_caller]
pub fn listens(port: u16) {
    let there = until(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
    assert!(there, "nothing listens on {port}");
}

/// Nobody who lists processes sees this.
#[track_caller]
pub fn assert_in_no_command_line(secret: &str) {
    for process in fs::read_dir("/proc").unwrap().flatten() {
        let words = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&words).replace('\0', " ");
        assert!(!words.contains(secret), "{words}");
    }
}

/// The kernel of a package, unpacked.
pub fn kernel(into: &Path) -> PathBuf {
    let folder = crate::lab::world::original().join("kernels");
    let package = fs::read_dir(&folder).unwrap().flatten().next().unwrap().path();
    let status = Command::new("dpkg-deb").arg("-x").arg(package).arg(into).status().unwrap();
    assert!(status.success());
    let boot = fs::read_dir(into.join("boot")).unwrap().flatten();
    let mut files = boot.map(|entry| entry.path());
    files.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("vmlinuz")).unwrap()
}

/// A program of the virtual environment that tests/run makes.
pub fn python(name: &str) -> PathBuf {
    crate::support::project().join("target/lab-venv/bin").join(name)
}

/// What a server was asked.
pub struct Request {
    pub method: String,
    pub path: String,
    pub authorization: Option<String>,
    pub body: String,
}

/// A small HTTP server, until the end of the tests.
pub struct Server(u16);

impl Server {
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.0)
    }
}

/// Answers with a status and a body.
pub fn serve(mut answer: impl FnMut(&Request) -> (u16, String) + Send + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server(listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            // One that goes away in between is its own problem.
            let _ = exchange(stream, &mut answer);
        }
    });
    server
}

fn exchange(
    stream: TcpStream,
    answer: &mut impl FnMut(&Request) -> (u16, String),
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let header = |name: &str| {
        head.iter().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut words = head.first().map(String::as_str).unwrap_or_default().split(' ');
    let mut word = || words.next().unwrap_or_default().to_owned();
    let request = Request {
        method: word(),
        path: word(),
        authorization: header("authorization"),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let (status, text) = answer(&request);
    let mut stream = reader.into_inner();
    let length = text.len();
    write!(
        stream,
        "HTTP/1.1 {status} -\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
    )
}
