//! `melbot token`: who may do what over HTTP.

use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};

use super::{Ending, print};
use crate::coordinator::tokens::{FILE, Role, Tokens};
use crate::lab::{Lab, plain_name};

/// Give tokens for the coordinator's API, and take them away
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    melbot token add ci --role submit --lab /srv/lab\n  \
    curl -H \"Authorization: Bearer $TOKEN\" --data-binary @job.toml http://127.0.0.1:8417/api/jobs")]
pub struct TokenVerb {
    #[command(subcommand)]
    verb: Verb,
    /// Folder of the lab
    #[arg(long, value_name = "DIR", default_value = ".", global = true)]
    lab: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a token and print it, once: only its hash is kept
    Add {
        /// Whose it is
        name: String,
        /// What it allows; each role allows what the ones before it do
        #[arg(long, value_enum, default_value_t = RoleName::Read)]
        role: RoleName,
    },
    /// List whose tokens there are
    List,
    /// Take a token away, from the next request on
    Remove {
        /// Whose it is
        name: String,
    },
}

/// A role, as one types it.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleName {
    /// To look at jobs
    Read,
    /// To add jobs, to cancel them and to try them again
    Submit,
    /// To build kernels, which machines are going to boot: for melbot builder
    Build,
    /// To pause the queue
    Admin,
}

impl TokenVerb {
    pub fn run(self) -> anyhow::Result<Ending> {
        let lab = Lab::at(&self.lab)?;
        let path = lab.state(FILE);
        let mut tokens = Tokens::read(&path)?;
        match self.verb {
            Verb::Add { name, role } => {
                if !plain_name(&name) {
                    bail!("{name:?} is no name: letters, digits and ._+- only");
                }
                let role = match role {
                    RoleName::Read => Role::Read,
                    RoleName::Submit => Role::Submit,
                    RoleName::Build => Role::Build,
                    RoleName::Admin => Role::Admin,
                };
                let token = tokens.make(&name, role)?;
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                tokens.write(&path)?;
                print(&format!("{token}\n"))?;
            }
            Verb::List => {
                for token in &tokens.tokens {
                    print(&format!("{}  {:?}\n", token.name, token.role).to_lowercase())?;
                }
            }
            Verb::Remove { name } => {
                let before = tokens.tokens.len();
                tokens.tokens.retain(|token| token.name != name);
                if tokens.tokens.len() == before {
                    bail!("there is no token of {name}; see melbot token list");
                }
                tokens.write(&path)?;
            }
        }
        Ok(Ending::Fine)
    }
}
