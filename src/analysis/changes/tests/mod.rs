//! What must hold whatever the data are, and what odd data come to.

mod edges;
mod memory;
mod properties;

use super::model::{Kernel, Tree};

/// Kernels of one track, each made from the one before.
fn line(kernels: usize) -> Tree {
    let kernel = |order: usize| Kernel {
        name: format!("v6.{order}"),
        track: 0,
        parent: order.checked_sub(1),
        order,
    };
    Tree { kernels: (0..kernels).map(kernel).collect() }
}
