//! What must hold whatever the data are, and what odd data come to.

mod edges;
mod properties;
