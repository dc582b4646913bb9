//! Commands over OpenSSH's own `ssh`: pinned host key, one connection for many commands.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{Exec, Remote, quoted};
use crate::lab::error::LabError;
use crate::lab::process::{self, Exit, last_line};

/// `ssh` itself failed.
const FAILED: i32 = 255;
/// Seconds until a connection has to be there.
const CONNECT: u32 = 15;

/// How a machine is reached.
#[derive(Clone, Debug)]
pub struct SshExec {
    /// Name of the machine, under which its key is known.
    pub machine: String,
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// User.
    pub user: String,
    /// File of the private key.
    pub identity: Option<PathBuf>,
    /// Key of the host.
    pub host_key: String,
    /// Where `known_hosts` and the socket of the shared connection are.
    pub folder: PathBuf,
}

impl SshExec {
    /// `ssh` with all options, up to the host. Nobody's own configuration takes part.
    fn ssh(&self) -> Result<Command, LabError> {
        let known = self.folder.join("known_hosts");
        let line = format!("{} {}\n", self.machine, self.host_key.trim());
        if fs::read_to_string(&known).ok().as_deref() != Some(line.as_str()) {
            fs::write(&known, line).map_err(LabError::file(&known))?;
        }
        let mut command = Command::new("ssh");
        command.args(["-F", "none", "-T"]);
        let control = self.folder.join("ssh.sock");
        for option in [
            "BatchMode=yes".to_owned(),
            "StrictHostKeyChecking=yes".to_owned(),
            format!("UserKnownHostsFile={}", option(&known.to_string_lossy())),
            "GlobalKnownHostsFile=/dev/null".to_owned(),
            format!("HostKeyAlias={}", self.machine),
            "CheckHostIP=no".to_owned(),
            "ControlMaster=auto".to_owned(),
            format!("ControlPath={}", option(&control.to_string_lossy())),
            "ControlPersist=60".to_owned(),
            format!("ConnectTimeout={CONNECT}"),
            "ServerAliveInterval=10".to_owned(),
            "ServerAliveCountMax=3".to_owned(),
            "LogLevel=ERROR".to_owned(),
        ] {
            command.args(["-o", &option]);
        }
        if let Some(identity) = &self.identity {
            command.arg("-i").arg(identity).args(["-o", "IdentitiesOnly=yes"]);
        }
        command.args(["-p", &self.port.to_string(), "-l", &self.user]);
        Ok(command)
    }
}

/// A path in an option of ssh: `%` begins a token there, blanks separate.
fn option(path: &str) -> String {
    format!("\"{}\"", path.replace('%', "%%"))
}

impl Exec for SshExec {
    fn run(&self, remote: &mut Remote) -> Result<Exit, LabError> {
        let mut command = self.ssh()?;
        command.args(["--", &self.host, &quoted(remote.words)]);
        let exit =
            process::run(&mut command, remote.input, remote.output, remote.limit, remote.within)?;
        if exit.status == Some(FAILED) {
            return Err(LabError::new(
                format!("ssh to {}: {}", self.machine, last_line(&exit.complaint)),
                "see that the machine is up, and that host, port, identity and host_key of [exec] are right",
            ));
        }
        Ok(exit)
    }

    fn reset(&self) {
        let Ok(mut command) = self.ssh() else { return };
        // There may be none, and then all is well.
        let _ = command
            .args(["-O", "exit", "--", &self.host])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        // One that hangs keeps its socket.
        let _ = fs::remove_file(self.folder.join("ssh.sock"));
    }
}
