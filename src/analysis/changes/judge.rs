//! From measurements to verdicts: the order of the steps.

use rayon::prelude::*;

use super::decision::{self, Candidate};
use super::group::{Group, Member};
use super::location::{self, Located};
use super::model::{SeriesData, Settings, Tree};
use super::noise::{self, Spread, Trend};
use super::rates::{self, Fitted};
use super::report;
use super::verdict::SeriesVerdicts;

/// The data base, prepared: everything that does not depend on rates.
pub struct Prepared {
    /// Groups of siblings.
    pub groups: Vec<Group>,
    /// Degrees of freedom of the noise of each series, by place in the input.
    pub df: Vec<f64>,
}

/// Series from which rates are fitted at most: more would not make them better.
const FIT_ON: usize = 1000;

/// Judges every kernel of every series against the one it was made from.
pub fn judge(tree: &Tree, series: &[SeriesData], settings: &Settings) -> Vec<SeriesVerdicts> {
    let prepared = prepare(tree, series);
    let fitted = fit(&prepared.groups, settings);
    let draft = |group: &Group| {
        let findings = group.judge(&fitted, settings.rounds);
        let each = group.members.iter().enumerate();
        each.map(|(at, member)| {
            let df = prepared.df[member.index];
            (member.index, report::draft(&member.series, &findings, at, df, settings))
        })
        .collect()
    };
    let by_group: Vec<Vec<(usize, report::Draft)>> =
        prepared.groups.par_iter().map(draft).collect();
    let mut drafts: Vec<(usize, report::Draft)> = by_group.into_iter().flatten().collect();
    drafts.sort_by_key(|(index, _)| *index);
    decide(drafts.into_iter().map(|(_, draft)| draft).collect(), series, settings)
}

/// Locations, noise priors and groups.
pub fn prepare(tree: &Tree, series: &[SeriesData]) -> Prepared {
    let depths = tree.depths();
    let located: Vec<Located> =
        series.par_iter().map(|series| location::locate(tree, &depths, series)).collect();
    let spreads: Vec<Spread> = located.par_iter().map(noise::spread).collect();
    let trends = Trends::fit(&located, &spreads);
    let mut df = vec![0.0; series.len()];
    let mut members: Vec<(usize, Member)> = Vec::new();
    for (index, located) in located.into_iter().enumerate() {
        let (own, trend, replicated) = trends.of(&located, &spreads[index]);
        df[index] = trend.df + own.map_or(0.0, |own| own.df);
        let nodes = noise::nodes(&located, own, trend, replicated);
        members.push((series[index].group, Member { index, series: located, nodes }));
    }
    members.sort_by_key(|(group, member)| (*group, member.index));
    let groups = members
        .chunk_by(|a, b| a.0 == b.0)
        .map(|chunk| Group { members: chunk.iter().map(|(_, member)| member.clone()).collect() })
        .collect();
    Prepared { groups, df }
}

/// The noise of boots, and the total noise of kernels measured in a single boot.
struct Trends {
    boot: Trend,
    single: Trend,
}

impl Trends {
    fn fit(located: &[Located], spreads: &[Spread]) -> Trends {
        let all = || located.iter().zip(spreads);
        let boot = noise::fit(all().filter_map(|(l, s)| Some((l, s.boot?))));
        let single = all().filter(|(l, _)| !replicated(l));
        let single = noise::fit(single.filter_map(|(l, s)| Some((l, s.kernel?))));
        let boot = boot.or_else(|| single.clone()).unwrap_or_else(noise::ignorance);
        Trends { single: single.unwrap_or_else(|| boot.widened()), boot }
    }

    fn of(&self, series: &Located, spread: &Spread) -> (Option<noise::Variance>, &Trend, bool) {
        match replicated(series) {
            true => (spread.boot, &self.boot, true),
            false => (spread.kernel, &self.single, false),
        }
    }
}

/// Boots can be told from kernels.
fn replicated(series: &Located) -> bool {
    series.boots() >= 1.5
}

/// Expectation maximisation over a part of the groups.
pub fn fit(groups: &[Group], settings: &Settings) -> Fitted {
    let count: usize = groups.iter().map(|group| group.members.len()).sum();
    let every = count.div_ceil(FIT_ON).max(1);
    let mut chosen: Vec<Group> = groups.iter().step_by(every).cloned().collect();
    let mut fitted = Fitted::default();
    for _ in 0..settings.fits {
        let tallies: Vec<rates::Tally> = chosen
            .par_iter_mut()
            .map(|group| {
                let found = group.judge(&fitted, 1);
                let tally = rates::tally(group, &found, &fitted.rates.jumps);
                // Noise hypotheses that are out stay out.
                group.members.iter_mut().zip(found.nodes).for_each(|(m, nodes)| m.nodes = nodes);
                tally
            })
            .collect();
        fitted = rates::fit(&tallies, &fitted);
    }
    fitted.in_steps()
}

fn decide(
    mut drafts: Vec<report::Draft>,
    series: &[SeriesData],
    settings: &Settings,
) -> Vec<SeriesVerdicts> {
    let all = drafts.iter().enumerate();
    let places: Vec<(usize, usize)> = all
        .flat_map(|(s, draft)| (0..draft.verdicts.comparisons.len()).map(move |k| (s, k)))
        .collect();
    let candidates: Vec<Candidate> = places
        .iter()
        .map(|(s, k)| {
            let comparison = &drafts[*s].verdicts.comparisons[*k];
            Candidate {
                lfdr: comparison.lfdr,
                effect: comparison.effect,
                interval: comparison.interval,
            }
        })
        .collect();
    let taken = decision::alerts(&candidates, settings);
    for ((s, k), taken) in places.into_iter().zip(taken) {
        drafts[s].verdicts.comparisons[k].alert = taken;
    }
    let finish =
        |(draft, series): (report::Draft, &SeriesData)| report::finish(draft, series, settings);
    drafts.into_par_iter().zip(series).map(finish).collect()
}
