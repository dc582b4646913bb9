//! Compilers are called through ccache and icecream where these are installed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the daemon of icecream listens. Without one it would compile here, after it had looked for one.
const ICECREAM: [&str; 2] = ["/run/icecc/iceccd.socket", "/var/run/icecc/iceccd.socket"];

/// Has `make` call its compiler through what there is; `words` are those that people give it, who may have
/// named a compiler of their own. Objects are known again wherever their tree lies below `folder`.
pub fn through(command: &mut Command, words: &[String], cache: &Path, folder: &Path) {
    let named = words.iter().any(|word| word.starts_with("CC=") || word.starts_with("LLVM="));
    let ours = |name: &str| std::env::var_os(name).is_none();
    let ccache = in_path("ccache");
    if ccache {
        if ours("CCACHE_DIR") {
            command.env("CCACHE_DIR", cache);
        }
        if ours("CCACHE_BASEDIR") {
            command.env("CCACHE_BASEDIR", folder);
        }
        if has_icecream() && ours("CCACHE_PREFIX") {
            command.env("CCACHE_PREFIX", "icecc");
        }
    }
    match (ccache, has_icecream()) {
        _ if named => {}
        (true, _) => drop(command.arg("CC=ccache gcc")),
        (false, true) => drop(command.arg("CC=icecc gcc")),
        (false, false) => {}
    }
}

/// Its program and a daemon.
fn has_icecream() -> bool {
    let said = std::env::var_os("ICECC_TEST_SOCKET").map(PathBuf::from);
    let mut sockets = ICECREAM.iter().map(PathBuf::from).chain(said);
    in_path("icecc") && sockets.any(|socket| socket.exists())
}

fn in_path(program: &str) -> bool {
    let path: OsString = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
