//! Tokens: who may do what over HTTP. Only their hashes are kept; a token is 256 random bits, so that a
//! fast hash is as good as a slow one.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::lab::{LabError, write_private};

/// Their file in the state of a lab.
pub const FILE: &str = "tokens.toml";

/// What a token allows; each allows what the ones before it do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// To look at jobs.
    Read,
    /// To add jobs, to cancel them and to try them again.
    Submit,
    /// To build kernels, which machines are going to boot.
    Build,
    /// To pause the queue.
    Admin,
}

/// A token that was given to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Whose it is.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// Hash of it.
    pub hash: String,
}

/// All tokens of a lab.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// In the order in which they were made.
    #[serde(default)]
    pub tokens: Vec<Token>,
}

impl Tokens {
    /// Reads them; none where there is no file.
    pub fn read(path: &Path) -> Result<Tokens, LabError> {
        match fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).map_err(|error| {
                let start = error.span().map_or(0, |span| span.start);
                let line = 1 + text.get(..start).unwrap_or_default().matches('\n').count();
                LabError::new(
                    format!("{}:{line}: {}", path.display(), error.message()),
                    "correct it, or remove it and make new tokens",
                )
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Tokens::default()),
            Err(error) => Err(LabError::file(path)(error)),
        }
    }

    /// Writes them, for their owner's eyes.
    pub fn write(&self, path: &Path) -> Result<(), LabError> {
        let text = toml::to_string(self).map_err(|error| {
            LabError::new(format!("{}: {error}", path.display()), "tell the authors of melbot")
        })?;
        write_private(path, text.as_bytes())
    }

    /// Makes a token; what is given back is shown once and kept nowhere.
    pub fn make(&mut self, name: &str, role: Role) -> Result<String, LabError> {
        if self.tokens.iter().any(|token| token.name == name) {
            return Err(LabError::new(
                format!("there is a token of {name} already"),
                "remove it first, or take another name",
            ));
        }
        let mut bytes = [0; 32];
        let random = Path::new("/dev/urandom");
        let read = fs::File::open(random).and_then(|mut file| file.read_exact(&mut bytes));
        read.map_err(LabError::file(random))?;
        let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.tokens.push(Token { name: name.to_owned(), role, hash: hash(&text) });
        Ok(text)
    }

    /// Whose it is, if it is a token.
    pub fn find(&self, token: &str) -> Option<&Token> {
        let asked = blake3::hash(token.as_bytes());
        // Comparing these takes the same time whatever they are.
        self.tokens
            .iter()
            .find(|token| blake3::Hash::from_hex(&token.hash).is_ok_and(|hash| hash == asked))
    }
}

fn hash(token: &str) -> String {
    blake3::hash(token.as_bytes()).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_again_and_kept_nowhere() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(FILE);
        let mut tokens = Tokens::read(&path).expect("none yet");
        let token = tokens.make("ci", Role::Submit).expect("new");
        assert!(tokens.make("ci", Role::Read).is_err());
        tokens.write(&path).expect("writable");
        let text = fs::read_to_string(&path).expect("there");
        assert!(token.len() == 64 && !text.contains(&token), "{text}");
        let tokens = Tokens::read(&path).expect("readable");
        assert_eq!(tokens.find(&token).map(|token| token.role), Some(Role::Submit));
        assert_eq!(tokens.find(""), None);
        assert!(Role::Read < Role::Submit && Role::Submit < Role::Admin);
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
