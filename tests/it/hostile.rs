//! What bad input does.
//!
//! Each test breaks one thing in a small result tree that is whole. Then the same holds always: the
//! program does not panic, what is bad is named with its path, what is wrong with it and what to do
//! about it, all other data are still there, and the exit status is the one that is documented: 0 if
//! nothing was lost, 1 if something was, 2 if nothing can be done.

mod command;
mod damage;
mod interruptions;
mod names;
mod parsers;
mod places;
mod store;
mod tree;
