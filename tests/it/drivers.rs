//! Each driver of the lab against the real thing, started here.

mod consoles;
mod ipmi;
mod ipmi_cycle;
mod labgrid;
mod orthos;
mod orthos_server;
pub mod parts;
mod power;
mod ssh;
