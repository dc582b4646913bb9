//! A Debian as a distribution hands it out, in place of the demo's busybox: tests/guest/make makes it, once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::world::World;
use crate::support::project;

/// Such guests take minutes, so that they are for who asks for it.
pub fn wanted() -> bool {
    let wanted = std::env::var_os("MELBOT_SLOW_TESTS").is_some();
    if !wanted {
        println!("left out: MELBOT_SLOW_TESTS=1 runs it");
    }
    wanted
}

/// The folder of the image and its keys.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guest");
        let made = Command::new(project().join("tests/guest/make")).arg(&folder).status().unwrap();
        assert!(made.success());
        folder
    })
}

/// Emulation works everywhere.
pub fn accelerator() -> String {
    std::env::var("MELBOT_ACCEL").unwrap_or_else(|_| "tcg".to_owned())
}

/// `[exec]` of such a guest.
pub fn exec(port: u16) -> String {
    let host_key = fs::read_to_string(folder().join("host_key.pub")).unwrap();
    let key: Vec<&str> = host_key.split(' ').take(2).collect();
    format!(
        "[exec]\ndriver = \"ssh\"\nhost = \"127.0.0.1\"\nport = {port}\nidentity = {:?}\nhost_key = {:?}\n",
        folder().join("key"),
        key.join(" ")
    )
}

impl World {
    /// The machine vm1 becomes such a guest. `boot` has its tables `[boot]` and whatever else is to be there.
    pub fn debian(&self, boot: &str) {
        self.debian_at(super::world::free_port(), boot);
    }

    /// With its ssh at this port.
    pub fn debian_at(&self, port: u16, boot: &str) {
        self.write(
            "machines/vm1.toml",
            &format!(
                "[facts]\ncpus = 1\nmemory = 1024\narch = \"x86_64\"\n[power]\ndriver = \"qemu\"\n\
                 [console]\ndriver = \"qemu\"\n{exec}[deploy]\ndriver = \"qemu\"\nimage = {image:?}\n\
                 {boot}\n[qemu]\naccel = {accel:?}\ncpus = 1\nmemory = 1024\ndisk = \"state/vm1/disk.img\"\n\
                 busybox = \"images/busybox\"\nssh_port = {port}\n",
                exec = exec(port),
                accel = accelerator(),
                image = folder().join("debian.qcow2"),
            ),
        );
    }

    /// Switches vm1 on, and waits until its system answers.
    pub fn switched_on(&self) {
        self.printed(&["machine", "power", "vm1", "on"]);
        let words = ["machine", "exec", "vm1", "--within", "60", "--", "true"];
        for _ in 0..100 {
            if self.run(&words).status == Some(0) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_secs(2));
        }
        self.printed(&words);
    }
}
