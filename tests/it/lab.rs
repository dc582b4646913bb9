//! The lab: real virtual machines, real kernels of Debian, and everything that happens to them.

mod boot_once;
mod console;
mod cycle;
mod deploying;
mod faults;
mod grub;
pub mod guest;
mod hostile;
mod inventory;
mod kexec;
mod killed;
#[cfg(feature = "smtp")]
mod mail;
mod mmtests;
pub mod packages;
pub mod played;
mod prepare;
mod rootfs;
mod unpublished;
pub mod world;
