//! The order of kernels.

use std::cmp::Ordering;

use crate::model::{Release, natural_cmp};

/// Any three names, one a line: the order of releases and that of names are total, and what is
/// shown of a release is that release.
pub fn release(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let names: Vec<&str> = text.lines().take(3).collect();
    let [a, b, c] = names[..] else { return };
    check(&[a, b, c], |x, y| natural_cmp(x, y));
    let releases: Vec<Release> = names.iter().filter_map(|name| Release::parse(name)).collect();
    for release in &releases {
        assert_eq!(Release::parse(&release.to_string()), Some(*release), "{release}");
        assert!(!release.leads_to(*release));
    }
    if let [a, b, c] = releases[..] {
        check(&[a, b, c], Ord::cmp);
    }
}

/// Panics unless this is a total order, in which equal means the same.
fn check<T: PartialEq + std::fmt::Debug>(all: &[T; 3], order: impl Fn(&T, &T) -> Ordering) {
    for x in all {
        for y in all {
            assert_eq!(order(x, y), order(y, x).reverse(), "{x:?} {y:?}");
            assert_eq!(order(x, y) == Ordering::Equal, x == y, "{x:?} {y:?}");
            for z in all {
                if order(x, y).is_le() && order(y, z).is_le() {
                    assert!(order(x, z).is_le(), "{x:?} {y:?} {z:?}");
                }
            }
        }
    }
}
