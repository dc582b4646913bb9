//! Places of names that come in the same order again and again, as those of operations, devices and counters
//! do in logs.

use std::collections::HashMap;
use std::sync::Arc;

/// The names so far, each with its place.
#[derive(Clone, Debug, Default)]
pub struct Places {
    names: Vec<Arc<str>>,
    index: HashMap<Arc<str>, usize>,
    /// The place of the name that came last behind each of them, which is likely to come behind it again.
    followers: Vec<usize>,
    last: usize,
}

impl Places {
    /// The place of a name; that of a new one is the number of those before it.
    #[inline]
    pub fn of(&mut self, name: &str) -> usize {
        self.of_joined(&[name])
    }

    /// The place of a name that is put together of these parts.
    #[inline]
    pub fn of_joined(&mut self, parts: &[&str]) -> usize {
        let is_it = |at: usize| self.names.get(at).is_some_and(|name| is_made_of(name, parts));
        let likely = self.followers.get(self.last).copied().unwrap_or(0);
        if is_it(likely) {
            self.last = likely;
        } else {
            let place = if is_it(self.last) { self.last } else { self.look_up(&parts.concat()) };
            self.followers[self.last] = place;
            self.last = place;
        }
        self.last
    }

    #[cold]
    fn look_up(&mut self, name: &str) -> usize {
        if let Some(place) = self.index.get(name) {
            return *place;
        }
        let place = self.names.len();
        let name: Arc<str> = name.into();
        self.names.push(name.clone());
        self.index.insert(name, place);
        // Until it is known better, the next new one.
        self.followers.push(place + 1);
        place
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// The names in the order of their places.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }
}

#[inline]
fn is_made_of(name: &str, parts: &[&str]) -> bool {
    let mut rest = name.as_bytes();
    for part in parts {
        let Some((start, behind)) = rest.split_at_checked(part.len()) else { return false };
        if !are_equal(start, part.as_bytes()) {
            return false;
        }
        rest = behind;
    }
    rest.is_empty()
}

/// As `==`, which for a handful of bytes costs more by the call of a function than by its work.
#[inline]
fn are_equal(mut a: &[u8], mut b: &[u8]) -> bool {
    while let (Some((x, rest_of_a)), Some((y, rest_of_b))) =
        (a.split_first_chunk::<8>(), b.split_first_chunk::<8>())
    {
        if u64::from_ne_bytes(*x) != u64::from_ne_bytes(*y) {
            return false;
        }
        (a, b) = (rest_of_a, rest_of_b);
    }
    while let (Some((x, rest_of_a)), Some((y, rest_of_b))) = (a.split_first(), b.split_first()) {
        if x != y {
            return false;
        }
        (a, b) = (rest_of_a, rest_of_b);
    }
    a.len() == b.len()
}

#[cfg(test)]
mod tests {
    use super::Places;

    #[test]
    fn names_keep_their_places_in_whatever_order_they_come() {
        let mut places = Places::default();
        let names =
            ["a", "b", "a", "b", "b", "", "Node0-MemFree", "Node1-MemFree", "Node0-MemFree"];
        assert_eq!(names.map(|name| places.of(name)), [0, 1, 0, 1, 1, 2, 3, 4, 3]);
        assert_eq!(
            places.names().collect::<Vec<_>>(),
            ["a", "b", "", "Node0-MemFree", "Node1-MemFree"]
        );
    }

    #[test]
    fn names_are_the_same_however_they_are_cut() {
        let name = "Node0-HugePages_Free";
        for cut in 0..=name.len() {
            let mut places = Places::default();
            assert_eq!((places.of("x"), places.of(name)), (0, 1));
            let (start, end) = name.split_at(cut);
            assert_eq!(places.of_joined(&[start, end]), 1, "{start} {end}");
            assert_eq!(places.of_joined(&[start, end, "s"]), 2);
            assert_eq!(places.of_joined(&[&start[..cut / 2], end]), if cut > 0 { 3 } else { 1 });
        }
    }
}
