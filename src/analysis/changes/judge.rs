//! From measurements to verdicts: the order of the steps.

use rayon::prelude::*;
use serde::Serialize;

use super::decision::{self, Candidate};
use super::group::{Group, Member};
use super::location::{self, Located};
use super::memory::{Key, Memory, recall};
use super::model::{SeriesData, Settings, Tree};
use super::noise::{self, Spread, Trend};
use super::rates::{self, Fitted};
use super::report;
use super::verdict::SeriesVerdicts;

/// The data base, prepared: everything that does not depend on rates.
struct Prepared {
    /// Groups of siblings.
    groups: Vec<Group>,
    /// Degrees of freedom of the noise of each series, by place in the input.
    df: Vec<f64>,
}

/// Series from which rates are fitted at most: more would not make them better.
const FIT_ON: usize = 1000;

/// Judges every kernel of every series against the one it was made from.
pub fn judge(tree: &Tree, series: &[SeriesData], settings: &Settings) -> Vec<SeriesVerdicts> {
    judge_with(tree, series, settings, &mut Memory::default())
}

/// The same, to the last bit, in less time where groups are as they were.
pub fn judge_with(
    tree: &Tree,
    series: &[SeriesData],
    settings: &Settings,
    memory: &mut Memory,
) -> Vec<SeriesVerdicts> {
    let Prepared { groups, df } = prepare(tree, series);
    let data: Vec<Key> = groups.par_iter().map(|group| Key::of(&Told::of(group, &df))).collect();
    let fitted = fit(&groups, &data, settings, memory);
    let learnt = Key::of(&(&fitted, settings));
    let key = |data: &Key| Key::of(&(learnt, data));
    let remembered: Vec<(Key, Option<Vec<u8>>)> =
        data.iter().map(key).map(|key| (key, memory.take(key))).collect();
    let drafts = |(group, (_, remembered)): (&Group, (Key, Option<Vec<u8>>))| {
        let suits = |drafts: &Vec<SeriesVerdicts>| {
            let members = group.members.iter();
            drafts.len() == group.members.len()
                && members.zip(drafts).all(|(m, d)| d.comparisons.len() == m.series.seen.len())
        };
        recall(remembered, suits, || {
            let findings = group.judge(&fitted, settings.rounds);
            let each = group.members.iter().enumerate();
            each.map(|(at, m)| report::draft(&m.series, &findings, at, df[m.index], settings))
                .collect()
        })
    };
    let keys: Vec<Key> = remembered.iter().map(|(key, _)| *key).collect();
    let found: Vec<_> = groups.par_iter().zip(remembered).map(drafts).collect();
    let mut drafts: Vec<(usize, Located, SeriesVerdicts)> = Vec::new();
    for ((group, key), (found, entry)) in groups.into_iter().zip(keys).zip(found) {
        memory.keep(key, entry);
        for (member, mut verdicts) in group.members.into_iter().zip(found) {
            report::set_kernels(&mut verdicts, &member.series);
            drafts.push((member.index, member.series, verdicts));
        }
    }
    drafts.sort_by_key(|(index, ..)| *index);
    let drafts = drafts.into_iter().map(|(_, series, verdicts)| (series, verdicts));
    decide(drafts.collect(), series, settings)
}

/// All that the findings on a group are made from, but for what is learnt from all groups.
#[derive(Serialize)]
struct Told<'g> {
    group: &'g Group,
    /// Degrees of freedom of the noise, by member.
    df: Vec<f64>,
    /// Kernels by member, as places in the order of all kernels of the group: which ones they are
    /// is of no account.
    kernels: Vec<Vec<usize>>,
}

impl Told<'_> {
    fn of<'g>(group: &'g Group, df: &[f64]) -> Told<'g> {
        let members = || group.members.iter();
        let kernels = |member: &Member| -> Vec<usize> {
            member.series.seen.iter().map(|seen| seen.kernel).collect()
        };
        let mut all: Vec<usize> = members().flat_map(kernels).collect();
        all.sort_unstable();
        all.dedup();
        let place = |kernel: usize| all.binary_search(&kernel).unwrap_or(all.len());
        Told {
            group,
            df: members().map(|member| df[member.index]).collect(),
            kernels: members().map(|m| kernels(m).into_iter().map(place).collect()).collect(),
        }
    }
}

/// Locations, noise priors and groups.
fn prepare(tree: &Tree, series: &[SeriesData]) -> Prepared {
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

/// Expectation maximisation over a part of the groups, whose data are named by keys.
fn fit(groups: &[Group], data: &[Key], settings: &Settings, memory: &mut Memory) -> Fitted {
    let count: usize = groups.iter().map(|group| group.members.len()).sum();
    let every = count.div_ceil(FIT_ON).max(1);
    let named: Vec<&Key> = data.iter().step_by(every).collect();
    let key = Key::of(&(named, settings));
    let find = || maximise(groups.iter().step_by(every).cloned().collect(), settings);
    let (fitted, entry) = recall(memory.take(key), |_| true, find);
    memory.keep(key, entry);
    fitted
}

fn maximise(mut chosen: Vec<Group>, settings: &Settings) -> Fitted {
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
    mut drafts: Vec<(Located, SeriesVerdicts)>,
    series: &[SeriesData],
    settings: &Settings,
) -> Vec<SeriesVerdicts> {
    let all = drafts.iter().enumerate();
    let places: Vec<(usize, usize)> =
        all.flat_map(|(s, (_, draft))| (0..draft.comparisons.len()).map(move |k| (s, k))).collect();
    let candidates: Vec<Candidate> = places
        .iter()
        .map(|(s, k)| {
            let comparison = &drafts[*s].1.comparisons[*k];
            Candidate {
                lfdr: comparison.lfdr,
                effect: comparison.effect,
                interval: comparison.interval,
            }
        })
        .collect();
    let taken = decision::alerts(&candidates, settings);
    for ((s, k), taken) in places.into_iter().zip(taken) {
        drafts[s].1.comparisons[k].alert = taken;
    }
    let finish = |((located, draft), series): ((Located, SeriesVerdicts), &SeriesData)| {
        report::finish(draft, &located, series, settings)
    };
    drafts.into_par_iter().zip(series).map(finish).collect()
}
