//! Each driver of the lab against the real thing, started here.

mod ipmi;
mod parts;
