//! A lab that needs no hardware: two virtual machines with kernels of Debian, made in a minute.
//!
//! Everything comes from Debian's packages, fetched with the system's `apt-get` under a state of its own,
//! so that nothing of this system is changed and nobody has to be root.

mod image;
mod packages;
mod tree;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::lab::{LabError, process};

pub use packages::{MIRROR, SUITES};

/// The fixture in place of MMTests.
const RUN_MMTESTS: &str = include_str!("files/run-mmtests.sh");
const POUND: &str = include_str!("files/pound");
/// Name of its config.
const CONFIG: &str = "config-demo-syscalls";
const CONFIG_FILE: &str = include_str!("files/config-demo-syscalls");
/// The machines.
pub const MACHINES: [&str; 2] = ["vm1", "vm2"];
/// Programs that have to be there, and the packages of Debian that have them.
const TOOLS: &[(&str, &str)] = &[
    ("apt-get", "apt"),
    ("dpkg-deb", "dpkg"),
    ("mke2fs", "e2fsprogs"),
    ("git", "git"),
    ("make", "make"),
    ("ssh", "openssh-client"),
    ("ssh-keygen", "openssh-client"),
    ("qemu-system-x86_64", "qemu-system-x86"),
];

/// What a demo is made of.
#[derive(Clone, Debug)]
pub struct Demo {
    /// Its folder; nothing is in it yet.
    pub folder: PathBuf,
    /// Where packages come from.
    pub mirror: String,
    /// Suites of Debian: the first two that are served give a kernel each.
    pub suites: Vec<String>,
    /// Iterations of each job.
    pub iterations: u32,
}

impl Demo {
    /// Makes it; `tell` hears what is being done.
    pub fn make(&self, tell: &mut dyn FnMut(&str)) -> Result<(), LabError> {
        needs()?;
        let used = fs::read_dir(&self.folder).is_ok_and(|mut entries| entries.next().is_some());
        if used {
            return Err(LabError::new(
                format!("{} is not empty", self.folder.display()),
                "name a folder that is to be made",
            ));
        }
        for name in ["machines", "jobs", "kernels", "images", "keys", "mmtests/configs", "results"]
        {
            let folder = self.folder.join(name);
            fs::create_dir_all(&folder).map_err(LabError::file(&folder))?;
        }
        let fetched = packages::fetch(self, tell)?;
        tell("makes the root file system of the guests");
        let host_key = image::make(&self.folder, &fetched.guest, &self.client_key()?)?;
        self.fixture()?;
        let kernels: Vec<&PathBuf> = fetched.kernels.iter().collect();
        let mut port = 10_022;
        for name in MACHINES {
            port = free_port(port)?;
            self.write(
                &format!("machines/{name}.toml"),
                &machine(name, port, &host_key, kernels[0]),
            )?;
            port += 1;
        }
        for (number, kernel) in (1..).zip(&kernels) {
            let name = kernel.file_stem().unwrap_or_default().to_string_lossy();
            let release = name.split('_').next().unwrap_or_default().replace("linux-image-", "");
            self.write(&format!("jobs/{number}-{release}.toml"), &self.job(kernel))?;
        }
        self.coordinator(&fetched.kernels)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), LabError> {
        let path = self.folder.join(name);
        fs::write(&path, text).map_err(LabError::file(&path))
    }

    /// The public half of a new key.
    fn client_key(&self) -> Result<String, LabError> {
        let key = self.folder.join("keys/demo");
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-t", "ed25519", "-N", "", "-C", "melbot-demo", "-f"]).arg(&key);
        process::text(&mut command, Duration::from_secs(60))?;
        let public = key.with_extension("pub");
        fs::read_to_string(&public).map_err(LabError::file(&public))
    }

    fn fixture(&self) -> Result<(), LabError> {
        self.write("mmtests/run-mmtests.sh", RUN_MMTESTS)?;
        self.write("mmtests/pound", POUND)?;
        self.write(&format!("mmtests/configs/{CONFIG}"), CONFIG_FILE)?;
        let path = self.folder.join("mmtests/run-mmtests.sh");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).map_err(LabError::file(&path))
    }

    /// What `melbot coordinator` does here: it watches a tree with the two kernels.
    fn coordinator(&self, kernels: &[PathBuf]) -> Result<(), LabError> {
        tree::make(&self.folder, kernels)?;
        self.write("kconfig", "# a real one is a .config of the kernel\n")?;
        let text = format!(
            r#"title = "melbot demo"

[http]
listen = "127.0.0.1:8417"

[trees.demo]
url = "{tree}"           # a stand-in; a real one is a URL of git
first = "all"          # what of the tags that are there is run: "newest" of each track, "all", "nothing"
minutes = 0.1          # between two looks

[kconfigs.demo]
base = "kconfig"

[[policies]]
name = "each-new-kernel"
trees = ["demo"]
kconfig = "demo"
machines = ["{machine}"]
configs = [{CONFIG:?}]
iterations = {iterations}
minutes = 30
mmtests = {{ source = "mmtests" }}
"#,
            tree = tree::TREE,
            machine = MACHINES[0],
            iterations = self.iterations,
        );
        self.write("coordinator.toml", &text)
    }

    fn job(&self, kernel: &Path) -> String {
        let machines = MACHINES.map(|name| format!("{name:?}")).join(", ");
        let package = kernel.file_name().unwrap_or_default().to_string_lossy();
        format!(
            "machines = [{machines}]\n\
             config = {CONFIG:?}\n\
             iterations = {}    # each in a boot of its own\n\
             minutes = 30\n\n\
             [kernel]\n\
             package = {:?}\n\n\
             [mmtests]\n\
             source = \"mmtests\"    # a stand-in; a job for MMTests itself has its git URL and a revision\n",
            self.iterations,
            format!("kernels/{package}"),
        )
    }
}

fn machine(name: &str, port: u16, host_key: &str, known_good: &Path) -> String {
    let package = known_good.file_name().unwrap_or_default().to_string_lossy();
    format!(
        r#"description = "a virtual machine on this one"

[facts]
cpus = 1
memory = 512
arch = "x86_64"
tags = ["demo", "qemu"]

[grid]
driver = "local"

[power]
driver = "qemu"

[console]
driver = "qemu"

[exec]
driver = "ssh"
host = "127.0.0.1"
port = {port}
identity = "keys/demo"
host_key = {host_key:?}

[deploy]
driver = "qemu"
image = "images/demo.ext4"

[boot]
driver = "qemu"
known_good = {known_good:?}
# A panic stays on the console for half a minute before it reboots.
command_line = "console=ttyS0 panic=30 mitigations=off net.ifnames=0 melbot.host={{machine}}"

[qemu]
accel = "tcg"        # "kvm" where /dev/kvm can be used
cpus = 1
memory = 512
disk = "state/{name}/disk.img"
busybox = "images/busybox"
ssh_port = {port}
"#,
        known_good = format!("kernels/{package}"),
    )
}

/// The first port from there on that nobody listens at.
fn free_port(from: u16) -> Result<u16, LabError> {
    (from..=u16::MAX)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .ok_or_else(|| LabError::new("no port of 127.0.0.1 is free", "end something that listens"))
}

fn needs() -> Result<(), LabError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let here = |name: &str| {
        std::env::split_paths(&path)
            .chain(["/usr/sbin".into(), "/sbin".into()])
            .any(|folder| folder.join(name).is_file())
    };
    let missing: Vec<&str> =
        TOOLS.iter().filter(|(name, _)| !here(name)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(LabError::new(
        format!("the demo needs {}", missing.join(", ")),
        format!("apt-get install {}", missing.join(" ")),
    ))
}
