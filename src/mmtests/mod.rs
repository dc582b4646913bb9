//! Reading MMTests result trees.

pub mod logs;
pub mod shellpack;
