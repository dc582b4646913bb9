//! Power by powerman, which knows some forty kinds of power controllers.

use std::io;
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Power, PowerState};
use crate::lab::error::LabError;
use crate::lab::{plain_name, process};

/// powermand has deadlines of its own.
const WITHIN: Duration = Duration::from_secs(60);

/// A node of a powermand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Powerman {
    /// `host` or `host:port` of powermand.
    #[serde(default = "here")]
    pub server: String,
    /// The name that it knows the machine by.
    pub node: String,
}

fn here() -> String {
    "localhost".to_owned()
}

impl Powerman {
    fn ask(&self, action: &str) -> Result<String, LabError> {
        // A node is a pattern there: another one must not be switched as well.
        if !plain_name(&self.node) {
            let what = format!("{:?} is no name of a node", self.node);
            return Err(LabError::new(what, "correct node in [power]"));
        }
        let mut command = Command::new("powerman");
        command.args(["-h", &self.server, action, &self.node]);
        let mut output = Vec::new();
        let exit = process::run(&mut command, &mut io::empty(), &mut output, 1 << 20, WITHIN)?;
        let text = String::from_utf8_lossy(&output).into_owned();
        if exit.success() {
            return Ok(text);
        }
        // What it complains of is not always on standard error.
        Err(LabError::new(
            format!(
                "powerman {action} {}: {}",
                self.node,
                process::last_line(&(text + &exit.complaint))
            ),
            "see that server and node of [power] are right, and that powermand reaches the controller",
        ))
    }
}

impl Power for Powerman {
    fn on(&self) -> Result<(), LabError> {
        self.ask("--on").map(drop)
    }

    fn off(&self) -> Result<(), LabError> {
        self.ask("--off").map(drop)
    }

    fn state(&self) -> Result<PowerState, LabError> {
        let text = self.ask("--query")?;
        listed(&text, &self.node).ok_or_else(|| {
            LabError::new(
                format!("powerman does not know how {} is: {}", self.node, text.trim()),
                "see that powermand reaches the controller",
            )
        })
    }
}

/// Nodes stand in the line of their state.
fn listed(text: &str, node: &str) -> Option<PowerState> {
    text.lines().find_map(|line| {
        let (state, nodes) = line.split_once(':')?;
        let state = match state {
            "on" => PowerState::On,
            "off" => PowerState::Off,
            _ => return None,
        };
        (nodes.trim() == node).then_some(state)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_found_in_the_line_of_its_state() {
        let text = |state| format!("on:      \n{state}:     node1\nunknown: \n");
        assert_eq!(listed(&text("off"), "node1"), Some(PowerState::Off));
        assert_eq!(listed("on:      node1\noff:     \n", "node1"), Some(PowerState::On));
        assert_eq!(listed("on:      \noff:     \nunknown: node1\n", "node1"), None);
    }
}
