//! The lab: real virtual machines, real kernels of Debian, and everything that happens to them.

mod cycle;
pub mod world;
