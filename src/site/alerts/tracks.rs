//! The history of an operation along the tracks, for the plot of an alert.

use crate::analysis::alerts::{Alert, JudgedSeries, Member};
use crate::analysis::changes::Scale;
use crate::site::Site;
use crate::site::catalogue::Shelf;
use crate::site::plot::{History, Panel, Spot};

/// Half the band of noise, in deviations of an iteration: as wide as the intervals are.
const WIDTH: f64 = 1.645;

/// What became of a member of an alert, kernel by kernel.
pub fn history(site: &Site, shelf: &Shelf, alert: &Alert, member: &Member) -> Option<History> {
    let judged = site.catalogue.judged;
    let series = judged.series.get(member.series)?;
    let boots = boots(shelf, series);
    let mut panels: Vec<Panel> = Vec::new();
    // Kernels are in the order of their releases; a track stays together.
    let mut order: Vec<(usize, String)> =
        series.verdicts.comparisons.iter().map(|c| (c.kernel, judged.track(c.kernel))).collect();
    let mut tracks: Vec<&str> = Vec::new();
    order.sort_by_key(|(kernel, _)| *kernel);
    let named = order.clone();
    for (_, track) in &named {
        if !tracks.contains(&track.as_str()) {
            tracks.push(track);
        }
    }
    tracks.sort_by_key(|track| *track != "mainline");
    let place = |track: &str| tracks.iter().position(|known| *known == track);
    order.sort_by_key(|(kernel, track)| (place(track), *kernel));
    let mut last: Option<usize> = None;
    for (kernel, track) in order {
        let Some(comparison) = series.at(kernel) else { continue };
        let (before, after) = member.levels;
        let level = comparison.levels.1;
        let spot = Spot {
            kernel: judged.name(kernel).to_owned(),
            boots: boots(judged.name(kernel)),
            level,
            // Changes are multiplicative; where values may be 0 or less, additive will do.
            moved: match series.verdicts.scale {
                Scale::Log => (level / after).ln().abs() < (level / before).ln().abs(),
                Scale::Identity => (level - after).abs() < (level - before).abs(),
            },
            begins: kernel == member.kernel,
            good: judged.name(kernel) == member.window.last_good,
        };
        let follows = comparison.parent.is_some() && comparison.parent == last;
        match panels.last_mut() {
            Some(panel) if follows || panel.track == track => panel.spots.push(spot),
            _ => panels.push(Panel {
                track,
                from: comparison.parent.map(|_| comparison.levels.0),
                spots: vec![spot],
            }),
        }
        last = Some(kernel);
    }
    let noise = &series.verdicts.noise;
    let band = (series.verdicts.scale == Scale::Log)
        .then(|| WIDTH * (noise.boot.powi(2) + noise.jitter.powi(2)).sqrt());
    Some(History {
        operation: member.operation.clone(),
        unit: member.unit.clone(),
        turn: if member.turn == alert.turn { alert.turn } else { member.turn },
        panels,
        band: band.filter(|band| band.is_finite()),
    })
}

/// The means of the iterations of a kernel.
fn boots<'s>(shelf: &'s Shelf, series: &'s JudgedSeries) -> impl Fn(&str) -> Vec<f64> + 's {
    let comparison = shelf.comparison;
    let benchmark = comparison.benchmarks.iter().find(|b| b.name == series.key.of.benchmark);
    let operation =
        benchmark.and_then(|b| b.operations.iter().find(|o| o.name == series.key.operation));
    move |kernel| {
        let columns = comparison.columns.iter().zip(operation.map_or(&[][..], |o| &o.cells));
        let here =
            columns.filter(|(c, _)| c.run == kernel && c.folder == series.key.of.place.run_path);
        here.flat_map(|(_, cell)| cell.iterations.iter().copied()).collect()
    }
}
