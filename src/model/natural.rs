//! Natural order of names: digits compare as numbers, so `time-4-2` comes before `time-4-10`.

use std::cmp::Ordering;

/// Compares two names, runs of digits by value and everything else by byte.
///
/// A total order: names that differ only in leading zeros are told apart by their bytes.
pub fn natural_cmp(a: &str, b: &str) -> Ordering {
    let (mut x, mut y) = (a.as_bytes(), b.as_bytes());
    loop {
        match (x.first(), y.first()) {
            (None, None) => return a.cmp(b),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(c), Some(d)) if c.is_ascii_digit() && d.is_ascii_digit() => {
                let (p, rest_x) = split_digits(x);
                let (q, rest_y) = split_digits(y);
                match p.len().cmp(&q.len()).then_with(|| p.cmp(q)) {
                    Ordering::Equal => (x, y) = (rest_x, rest_y),
                    unequal => return unequal,
                }
            }
            (Some(c), Some(d)) => match c.cmp(d) {
                Ordering::Equal => (x, y) = (&x[1..], &y[1..]),
                unequal => return unequal,
            },
        }
    }
}

/// The leading digits without leading zeros, and what follows them.
fn split_digits(s: &[u8]) -> (&[u8], &[u8]) {
    let end = s.iter().position(|c| !c.is_ascii_digit()).unwrap_or(s.len());
    let (digits, rest) = s.split_at(end);
    let zeros = digits.iter().take_while(|c| **c == b'0').count();
    (&digits[zeros..], rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_order_is_total(names in prop::collection::vec("[0-2a./-]{0,5}|[0-9]{1,40}|.{0,4}", 3)) {
            let cmp = |x: usize, y: usize| natural_cmp(&names[x], &names[y]);
            for x in 0..3 {
                for y in 0..3 {
                    prop_assert_eq!(cmp(x, y), cmp(y, x).reverse());
                    prop_assert_eq!(cmp(x, y).is_eq(), names[x] == names[y]);
                    for z in 0..3 {
                        prop_assert!(cmp(x, y).is_gt() || cmp(y, z).is_gt() || cmp(x, z).is_le());
                    }
                }
            }
        }
    }

    #[test]
    fn numbers_compare_by_value() {
        let mut names = ["time-4-10", "time-4-2", "time-16-1", "time-4-02", "other"];
        names.sort_by(|a, b| natural_cmp(a, b));
        assert_eq!(names, ["other", "time-4-02", "time-4-2", "time-4-10", "time-16-1"]);
    }
}
