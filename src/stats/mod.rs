//! Pure numerics on slices. No I/O.

pub mod binomial;
pub mod difference;
pub mod digest;
pub mod robust;
pub mod subselection;
pub mod summary;

#[cfg(test)]
mod property_tests;
