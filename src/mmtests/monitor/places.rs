//! Places of names that come in the same order again and again, as those of devices and counters do.

use std::collections::HashMap;

/// The names so far, each with its place.
#[derive(Default)]
pub(super) struct Places {
    names: Vec<String>,
    index: HashMap<String, usize>,
    /// The place of the name that is likely to come next.
    next: usize,
}

impl Places {
    /// The place of a name; that of a new one is the number of those before it.
    #[inline]
    pub fn of(&mut self, name: &str) -> usize {
        let is_it = |at: usize| self.names.get(at).is_some_and(|known| known == name);
        let place = match is_it(self.next) {
            true => self.next,
            false => self.index.get(name).copied().unwrap_or(self.names.len()),
        };
        if place == self.names.len() {
            self.names.push(name.to_owned());
            self.index.insert(name.to_owned(), place);
        }
        self.next = if place + 1 < self.names.len() { place + 1 } else { 0 };
        place
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// The names in the order of their places.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}
