//! Each driver of the lab against the real thing, started here.

mod consoles;
mod ipmi;
mod labgrid;
mod orthos;
pub mod parts;
mod power;
mod ssh;
