use super::*;
use crate::model::{Benchmark, Stretch, SummaryKind};

/// A run whose monitors saw these series; the figures of each are those of its iterations.
fn run(series: &[(&str, &str, Reading, &[f64])]) -> Run {
    let iterations = series.first().map_or(0, |(.., values)| values.len());
    let seen = |(name, unit, reading, values): &(&str, &str, Reading, &[f64])| Seen {
        name: (*name).to_owned(),
        unit: (*unit).to_owned(),
        reading: *reading,
        iterations: values
            .iter()
            .map(|mean| Some(Figures { mean: *mean, p95: *mean, increase: 100.0 * mean }))
            .collect(),
        curve: None,
    };
    let watched = Watched {
        monitor: "vmstat".to_owned(),
        iterations: (0..iterations as u32)
            .map(|number| Stretch { number, seconds: 100.0 })
            .collect(),
        series: series.iter().map(seen).collect(),
        ..Watched::default()
    };
    let benchmark = Benchmark {
        name: "dbench".to_owned(),
        title: String::new(),
        kind: SummaryKind::Multiops,
        decimals: 2,
        times: Vec::new(),
        logs: Vec::new(),
        operations: Vec::new(),
        watched: vec![watched],
    };
    Run { benchmarks: vec![benchmark], ..Run::default() }
}

/// Two hundred series of noise of 3 %, and the one in question.
fn noisy(seed: u64, iterations: usize, name: &str, level: f64) -> Run {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut noise =
        || 1.0 + 0.03 * (0..12).map(|_| random.f64() - 0.5).sum::<f64>().clamp(-3.0, 3.0);
    let names: Vec<String> = (0..200).map(|at| format!("s{at}")).collect();
    let values: Vec<Vec<f64>> =
        (0..200).map(|_| (0..iterations).map(|_| 1000.0 * noise()).collect()).collect();
    let own: Vec<f64> = (0..iterations).map(|_| level * noise()).collect();
    let mut series: Vec<(&str, &str, Reading, &[f64])> = names
        .iter()
        .zip(&values)
        .map(|(name, values)| (name.as_str(), "/s", Reading::Level, values.as_slice()))
        .collect();
    series.push((name, "%", Reading::Level, &own));
    run(&series)
}

fn told(moved: &Moved) -> Vec<&str> {
    moved.shifts.iter().map(|shift| shift.series.as_str()).collect()
}

#[test]
fn what_moved_is_told_and_noise_is_not() {
    let mut false_ones = 0;
    for seed in 0..20 {
        let levels = [12.0, 12.0, 31.0];
        let runs: Vec<Run> =
            (0..3).map(|at| noisy(100 * seed + at, 5, "sy", levels[at as usize])).collect();
        let runs: Vec<&Run> = runs.iter().collect();
        let moved = moved(&runs, "dbench", 1, 2);
        assert_eq!((moved.compared, &moved.unjudged), (201, &None));
        assert_eq!(told(&moved)[0], "sy", "seed {seed}: {:?}", moved.shifts);
        let shift = &moved.shifts[0];
        assert!((shift.before - 12.0).abs() < 1.0 && (shift.after - 31.0).abs() < 2.0);
        false_ones += moved.shifts.len() - 1;
    }
    assert!(false_ones <= 4, "{false_ones} of 4,000 series of noise were told");
}

#[test]
fn kernels_that_always_differ_tell_how_much_is_usual() {
    // Iterations agree well, yet every kernel has another level.
    let level = |at: usize| [10.0, 30.0, 11.0, 27.0, 12.0, 29.0][at];
    let runs: Vec<Run> = (0..6)
        .map(|at| {
            let (wild, calm) = ([level(at); 3], [if at < 5 { 20.0 } else { 40.0 }; 3]);
            run(&[
                ("wild", "/s", Reading::Level, &wild),
                ("calm", "/s", Reading::Level, &calm),
                ("flat", "/s", Reading::Level, &[7.0; 3]),
            ])
        })
        .collect();
    let runs: Vec<&Run> = runs.iter().collect();
    assert_eq!(told(&moved(&runs, "dbench", 4, 5)), ["calm"]);
}

#[test]
fn a_counter_has_to_move_in_sum_and_in_a_second() {
    let with = |slow: f64| {
        let mut run = run(&[
            ("longer", "", Reading::Counter, &[100.0, 101.0, 99.0, 100.0]),
            ("more", "", Reading::Counter, &[100.0 * slow, 101.0 * slow, 99.0 * slow, 100.0]),
            ("still", "", Reading::Counter, &[5.0, 5.0, 5.1, 5.0]),
        ]);
        // All of it took longer, at the same rate.
        for seen in &mut run.benchmarks[0].watched[0].series {
            seen.iterations.iter_mut().flatten().for_each(|figures| figures.increase *= slow);
        }
        run
    };
    let (before, after) = (with(1.0), with(3.0));
    assert_eq!(told(&moved(&[&before, &after], "dbench", 0, 1)), ["more"]);
}

#[test]
fn a_counter_that_stood_still_and_began_to_move_is_told() {
    let mut before = run(&[
        ("pgfault", "", Reading::Counter, &[100.0, 101.0]),
        ("pgfree", "", Reading::Counter, &[50.0, 51.0]),
    ]);
    let after = run(&[
        ("pgfault", "", Reading::Counter, &[100.0, 102.0]),
        ("pgfree", "", Reading::Counter, &[50.0, 50.0]),
        ("pswpout", "", Reading::Counter, &[900.0, 950.0]),
    ]);
    assert_eq!(moved(&[&before, &after], "dbench", 0, 1).compared, 2, "it was not read before");
    before.benchmarks[0].watched[0].still = vec!["pswpout".to_owned()];
    let moved = moved(&[&before, &after], "dbench", 0, 1);
    assert_eq!(told(&moved), ["pswpout"]);
    assert_eq!((moved.shifts[0].before, moved.shifts[0].after), (0.0, 925.0));
    let words = |unit: &str| {
        let shift = Shift { unit: unit.to_owned(), ..moved.shifts[0].clone() };
        shift.words(|figure| figure.to_string()).after
    };
    assert_eq!((words("").as_str(), words("ms").as_str()), ("925/s", "925 ms/s"));
}

#[test]
fn too_little_is_said_to_be() {
    let before =
        run(&[("cs", "/s", Reading::Level, &[100.0]), ("in", "/s", Reading::Level, &[5.0])]);
    let after =
        run(&[("cs", "/s", Reading::Level, &[300.0]), ("in", "/s", Reading::Level, &[5.1])]);
    let moved = moved(&[&before, &after], "dbench", 0, 1);
    assert_eq!(told(&moved), ["cs"]);
    assert_eq!(moved.shifts[0].p, None);
    assert!(moved.unjudged.unwrap().starts_with("one iteration on each side"));
    let nothing = super::moved(&[&before, &Run::default()], "dbench", 0, 1);
    assert_eq!(nothing.unjudged.unwrap(), "no monitor watched both kernels");
}
