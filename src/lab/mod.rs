//! The lab: which machines there are, and the drivers that power, watch, reach, deploy and boot them.
//!
//! A [`Lab`] is a folder with `machines/*.toml` ([`Inventory`]) and `state/`, in which every machine has
//! a folder of its own for leases, consoles and sockets. Each kind of driver is a small trait with one
//! file for each driver; [`Machine`] puts together those that a machine's file names. Drivers block and
//! have deadlines; none believes an acknowledgement, what was asked for is looked at until it is so.

pub mod boot;
pub mod console;
pub mod deploy;
mod error;
pub mod exec;
pub mod grid;
pub mod http;
pub mod inventory;
mod machine;
mod names;
pub mod power;
pub mod prepare;
pub mod process;
pub mod qemu;
mod secret;
mod twins;
pub mod unpack;
mod whole;

pub use error::LabError;
pub use inventory::{Inventory, MachineFile};
pub use machine::{Lab, Machine};
pub use names::plain_name;
pub use twins::{Twins, twins};
pub use whole::{json, write_private, write_whole};
