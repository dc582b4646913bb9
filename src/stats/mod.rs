//! Pure numerics on slices. No I/O.

pub mod binomial;
pub mod difference;
pub mod fdr;
pub mod subselection;
pub mod summary;
pub mod welch;

#[cfg(test)]
mod property_tests;
