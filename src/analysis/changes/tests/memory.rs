//! What is remembered changes nothing but the time it takes.

use super::super::judge::{judge, judge_with};
use super::super::memory::Memory;
use super::super::model::{Direction, Kernel, SeriesData, Settings, Tree};
use super::line;
use super::properties::{Samples, base, data};
use proptest::prelude::*;

/// Series by four a group, one kernel later where the first series has one kernel more in front.
fn series<'a>(samples: &'a [Samples], more: Option<&'a Samples>) -> Vec<SeriesData<'a>> {
    let shift = usize::from(more.is_some());
    let each = samples.iter().enumerate().map(|(at, samples)| {
        let mut series = data(samples, at / 4, Direction::Lower);
        series.observations.iter_mut().for_each(|(kernel, _)| *kernel += shift);
        series
    });
    let mut series: Vec<SeriesData> = each.collect();
    if let Some(more) = more {
        let boots = more[0].iter().map(Vec::as_slice).collect();
        series[0].observations.insert(0, (0, boots));
    }
    series
}

fn told(tree: &Tree, series: &[SeriesData], memory: &mut Memory) -> String {
    format!("{:?}", judge_with(tree, series, &Settings::default(), memory))
}

#[test]
fn what_is_remembered_is_what_would_be_found() {
    let samples = base(3);
    let before = series(&samples, None);
    let mut memory = Memory::default();
    let first = told(&line(10), &before, &mut memory);
    let bytes = memory.to_bytes().expect("all was new");

    let mut same = Memory::from_bytes(&bytes);
    assert_eq!(told(&line(10), &before, &mut same), first);
    assert_eq!(same.to_bytes(), None, "nothing was new");

    // One more kernel, older than all others, so that all of them move up a place.
    let after = series(&samples, Some(&samples[1]));
    let mut more = Memory::from_bytes(&bytes);
    let fresh = format!("{:?}", judge(&line(11), &after, &Settings::default()));
    assert_eq!(told(&line(11), &after, &mut more), fresh);
    assert!(more.to_bytes().is_some_and(|new| new != bytes), "one group changed");
}

#[test]
fn a_kernel_that_nobody_measured_makes_nothing_new() {
    let samples = base(5);
    let mut memory = Memory::default();
    told(&line(10), &series(&samples, None), &mut memory);
    let mut memory = Memory::from_bytes(&memory.to_bytes().expect("all was new"));
    // A root on a track of its own, in front of all others.
    let moved = |kernel: Kernel| Kernel { parent: kernel.parent.map(|up| up + 1), ..kernel };
    let alone = Kernel { name: "mine".to_owned(), track: 1, parent: None, order: 0 };
    let kernels = std::iter::once(alone).chain(line(10).kernels.into_iter().map(moved)).collect();
    let tree = Tree { kernels };
    let mut later = series(&samples, None);
    later.iter_mut().for_each(|s| s.observations.iter_mut().for_each(|(kernel, _)| *kernel += 1));
    let fresh = format!("{:?}", judge(&tree, &later, &Settings::default()));
    assert_eq!(told(&tree, &later, &mut memory), fresh);
    assert_eq!(memory.to_bytes(), None);
}

#[test]
fn what_is_asked_for_no_more_is_forgotten() {
    let samples = base(7);
    let all = series(&samples, None);
    let mut memory = Memory::default();
    told(&line(10), &all, &mut memory);
    let bytes = memory.to_bytes().expect("all was new");
    let mut memory = Memory::from_bytes(&bytes);
    told(&line(10), &all[..4], &mut memory);
    assert!(memory.to_bytes().is_some_and(|less| less.len() < bytes.len()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn half_a_memory_is_as_good_as_none(cut in 0.0..1.0) {
        let samples = base(9);
        let series = series(&samples[..4], None);
        let mut memory = Memory::default();
        let first = told(&line(10), &series, &mut memory);
        let bytes = memory.to_bytes().expect("all was new");
        let cut = (cut * bytes.len() as f64) as usize;
        prop_assert_eq!(told(&line(10), &series, &mut Memory::from_bytes(&bytes[..cut])), first);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_memory(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        Memory::from_bytes(&bytes);
    }
}
