//! What all measurements together say: how likely each candidate is to be the one that did it.
//!
//! If a candidate did it, the commits that have it lie around one level and all others around another.
//! Neither level is known, nor is how much measurements of one build vary and how much the luck of its build
//! moves each commit, so that all four are integrated out, on a grid: a candidate is as likely as the
//! measurements are, whatever the levels (the marginal likelihood of a random-effects model; Searle, Casella &
//! McCulloch 1992, chapter 9).
//! Around the level of its commit a measurement has Student's t, for boots go wrong now and then.

use super::commits::Commits;
use crate::stats::robust;

/// Degrees of freedom of a measurement around the level of its commit.
const DF: f64 = 6.0;
/// Deviations of the luck of a build that are thought possible, in those of a measurement.
const LUCK: [f64; 2] = [0.15, 0.35];
/// What the true deviation of a measurement may be, in that which was seen: from a dozen measurements it is
/// known to a fifth or so, and taking it for known is to be too sure.
const NOISE: [f64; 3] = [0.8, 1.0, 1.25];
/// How many builds have a level that has nothing to do with good or bad.
const ODD: f64 = 0.0003;
/// Step of the grid of levels, in deviations of a measurement, and how far it goes beyond what was
/// measured of the ends.
const STEP: f64 = 0.2;
const BEYOND: f64 = 3.0;
/// Most points of that grid.
const POINTS: usize = 160;
/// The deviation of a measurement that the ends show is not believed to be larger than the true one by
/// more than this.
const LEAST_NOISE: f64 = 0.3;

/// Probabilities of all candidates.
#[derive(Clone, Debug)]
pub struct Belief {
    /// By candidate; they add up to 1.
    pub posterior: Vec<f64>,
    /// Variance of the luck of a build, in that of a measurement.
    pub luck: f64,
}

impl Belief {
    /// How much one more measurement of a commit tells about its level, next to what the first would tell
    /// if builds had no luck: many measurements of one build tell no more than its level.
    pub fn news(&self, measurements: usize) -> f64 {
        let known = |n: usize| if n == 0 { 0.0 } else { 1.0 / (self.luck + 1.0 / n as f64) };
        known(measurements + 1) - known(measurements)
    }
}

/// What was measured of one commit, in deviations of a measurement as the ends show it.
pub struct Measured {
    /// Which candidate; `None` is the good end, which has no candidate.
    pub at: Option<usize>,
    /// Finite.
    pub values: Vec<f64>,
}

/// Weighs all candidates. `good` and `bad` are about where the levels are.
pub fn weigh(commits: &Commits, measured: &[Measured], good: f64, bad: f64) -> Belief {
    let noise = noise(measured);
    let grid = Grid::between(good / noise, bad / noise);
    let alike = Alike::of(commits, measured);
    let models = NOISE.iter().flat_map(|scale| LUCK.map(|luck| (*scale, luck)));
    let mut models: Vec<Model> = models
        .map(|(scale, luck)| {
            let level =
                |m: &Measured| grid.blurred(&grid.likelihood(&m.values, noise, scale), luck);
            let tables: Vec<Vec<f64>> = measured.iter().map(level).collect();
            Model {
                luck,
                weights: alike.had.iter().map(|had| grid.evidence(&tables, had)).collect(),
            }
        })
        .collect();
    let top = models.iter().flat_map(|model| &model.weights).copied().fold(f64::MIN, f64::max);
    models.iter_mut().flat_map(|model| &mut model.weights).for_each(|ln| *ln = (*ln - top).exp());
    let of_model = |model: &Model| alike.set.iter().map(|set| model.weights[*set]).sum::<f64>();
    let by_model: Vec<f64> = models.iter().map(of_model).collect();
    let total: f64 = by_model.iter().sum();
    let of_set = |set: &usize| models.iter().map(|model| model.weights[*set]).sum::<f64>() / total;
    let variances = models.iter().zip(by_model).map(|(model, weight)| model.luck.powi(2) * weight);
    Belief {
        posterior: alike.set.iter().map(of_set).collect(),
        luck: variances.sum::<f64>() / total,
    }
}

/// One of the ways in which measurements may vary.
struct Model {
    /// Deviation of the luck of a build, in that of a measurement.
    luck: f64,
    /// How likely all that was measured is, by set of candidates.
    weights: Vec<f64>,
}

/// Deviation of a measurement around the level of its commit, in that which the ends show: by the median of the
/// distances of all two measurements of one commit (Rousseeuw & Croux 1993), which is right for few measurements
/// of a commit as for many, where deviations from their middle are too small.
fn noise(measured: &[Measured]) -> f64 {
    let pairs = |values: &[f64]| -> Vec<f64> {
        let others = |at: usize| values[..at].iter().map(move |other| (values[at] - other).abs());
        (1..values.len()).flat_map(others).collect()
    };
    let apart: Vec<f64> = measured.iter().flat_map(|measured| pairs(&measured.values)).collect();
    // The median of |N(0, 2)|.
    (robust::median(&apart).unwrap_or(0.0) / 0.9539).max(LEAST_NOISE)
}

/// Candidates that no measurement tells from one another.
struct Alike {
    /// By candidate, its set.
    set: Vec<usize>,
    /// By set, which measured commits have its candidates.
    had: Vec<Vec<bool>>,
}

impl Alike {
    fn of(commits: &Commits, measured: &[Measured]) -> Alike {
        let mut alike = Alike { set: vec![0; commits.count()], had: vec![Vec::new()] };
        for measured in measured {
            let has = measured.at.map(|at| commits.has(at));
            // By set, what becomes of its candidates, first of those that the commit has not.
            let mut split: Vec<[Option<usize>; 2]> = vec![[None; 2]; alike.had.len()];
            let mut had = Vec::new();
            for (candidate, set) in alike.set.iter_mut().enumerate() {
                let has = has.as_ref().is_some_and(|has| has[candidate]);
                *set = *split[*set][usize::from(has)].get_or_insert_with(|| {
                    had.push([alike.had[*set].as_slice(), &[has]].concat());
                    had.len() - 1
                });
            }
            alike.had = had;
        }
        alike
    }
}

/// Levels that are thought possible.
struct Grid {
    levels: Vec<f64>,
    step: f64,
    /// Whether a level is not nearer to the bad end than to the good one, and the other way around.
    sides: [Vec<bool>; 2],
}

impl Grid {
    fn between(good: f64, bad: f64) -> Grid {
        let (from, to) = (good.min(bad) - BEYOND, good.max(bad) + BEYOND);
        let points = (((to - from) / STEP) as usize + 1).min(POINTS);
        let step = (to - from) / (points - 1) as f64;
        let levels: Vec<f64> = (0..points).map(|point| from + step * point as f64).collect();
        let side = |near: f64, far: f64| {
            levels.iter().map(|level| (level - near).abs() <= (level - far).abs()).collect()
        };
        Grid { sides: [side(good, bad), side(bad, good)], levels, step }
    }

    /// ln of the likelihood of values, by the level of their commit. Levels are in `noise`, the values vary by
    /// `scale` times that.
    fn likelihood(&self, values: &[f64], noise: f64, scale: f64) -> Vec<f64> {
        let at = |level: &f64| -> f64 {
            let ln = |z: f64| -0.5 * (DF + 1.0) * (z * z / DF).ln_1p() - scale.ln();
            values.iter().map(|value| ln((value / noise - level) / scale)).sum()
        };
        self.levels.iter().map(at).collect()
    }

    /// The same by the level of good or bad, from which the luck of its build moves a commit.
    fn blurred(&self, table: &[f64], luck: f64) -> Vec<f64> {
        let reach = (3.0 * luck / self.step).ceil() as usize;
        let normal = |off: usize| (-0.5 * (off as f64 * self.step / luck).powi(2)).exp();
        let kernel: Vec<f64> = (0..=reach).map(normal).collect();
        let top = table.iter().copied().fold(f64::MIN, f64::max);
        let shares: Vec<f64> = table.iter().map(|ln| (ln - top).exp()).collect();
        let odd = ODD * shares.iter().sum::<f64>() / shares.len() as f64;
        let near = |at: usize| {
            let others = at.saturating_sub(reach)..(at + reach + 1).min(shares.len());
            let parts = others.map(|other| (kernel[other.abs_diff(at)], shares[other]));
            let (sum, weight) = parts.fold((0.0, 0.0), |(s, w), (k, share)| (s + k * share, w + k));
            (1.0 - ODD) * sum / weight
        };
        (0..shares.len()).map(|at| top + (near(at) + odd).ln()).collect()
    }

    /// ln of the likelihood of everything if the commits with `bad` are bad and all others good, whatever
    /// the two levels, as long as each is on its side of the middle: the ends were seen to differ.
    fn evidence(&self, tables: &[Vec<f64>], bad: &[bool]) -> f64 {
        let side = |wanted: bool| {
            let mut sums = vec![0.0; self.levels.len()];
            for (table, _) in tables.iter().zip(bad).filter(|(_, bad)| **bad == wanted) {
                sums.iter_mut().zip(table).for_each(|(sum, more)| *sum += more);
            }
            let here = || sums.iter().zip(&self.sides[usize::from(wanted)]).filter(|(_, is)| **is);
            let top = here().map(|(ln, _)| *ln).fold(f64::MIN, f64::max);
            top + here().map(|(ln, _)| (ln - top).exp()).sum::<f64>().ln()
        };
        side(true) + side(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How measurements vary.
    const WAVE: [f64; 6] = [-1.2, 0.3, 0.9, -0.4, 1.1, -0.7];

    /// Eight commits in a row; the ends were measured, 0 and 5.
    fn weighed(more: &[(usize, &[f64])]) -> Belief {
        let names = (0..8).map(|at| format!("c{at}")).collect();
        let parents = (0..8_usize).map(|at| at.checked_sub(1).into_iter().collect()).collect();
        let commits = Commits::new(names, parents).expect("a graph");
        let end = |level: f64| WAVE.map(|off| level + off).to_vec();
        let mut measured = vec![
            Measured { at: None, values: end(0.0) },
            Measured { at: Some(7), values: end(5.0) },
        ];
        measured.extend(more.iter().map(|(at, v)| Measured { at: Some(*at), values: v.to_vec() }));
        weigh(&commits, &measured, 0.0, 5.0)
    }

    fn up_to(belief: &Belief, at: usize) -> f64 {
        belief.posterior[..=at].iter().sum()
    }

    #[test]
    fn a_measurement_speaks_for_the_nearer_end_and_does_not_decide() {
        let nothing = weighed(&[]);
        assert!(nothing.posterior.iter().all(|p| (p - 0.125).abs() < 1e-9), "{nothing:?}");
        for value in [4.0, 5.0, 6.0, 15.0, 1e12] {
            let bad = up_to(&weighed(&[(3, &[value])]), 3);
            assert!(bad > 0.5 && bad < 0.999, "{value}: {bad}");
        }
        let good = up_to(&weighed(&[(3, &[0.2])]), 3);
        assert!(good < 0.1, "{good}");
    }

    #[test]
    fn much_of_one_build_says_no_more_than_its_level() {
        let near_the_middle: Vec<f64> =
            WAVE.iter().cycle().take(198).map(|off| 2.6 + off).collect();
        let bad = up_to(&weighed(&[(3, &near_the_middle)]), 3);
        assert!(bad > 0.4 && bad < 0.95, "{bad}");
        let belief = Belief { posterior: Vec::new(), luck: 0.1 };
        assert!(belief.news(0) > 3.0 * belief.news(10) && belief.news(10) > belief.news(11));
    }

    #[test]
    fn the_levels_are_learnt_from_all_commits() {
        // What is no nearer to one end than to the other is bad next to other good commits.
        let odds = |more: &[(usize, &[f64])]| {
            let posterior = weighed(more).posterior;
            (posterior[3] + posterior[4]) / (posterior[5] + posterior[6] + posterior[7])
        };
        let alone = odds(&[(4, &[2.3])]);
        let among = odds(&[(4, &[2.3]), (0, &[-0.8]), (1, &[-0.9]), (2, &[-0.7])]);
        assert!(among > 1.1 * alone, "{among} {alone}");
    }

    #[test]
    fn what_got_better_is_found_as_what_got_worse() {
        let names = || (0..4).map(|at| format!("c{at}")).collect();
        let parents = || (0..4_usize).map(|at| at.checked_sub(1).into_iter().collect()).collect();
        let commits = Commits::new(names(), parents()).expect("a graph");
        let measured = |sign: f64| {
            [(None, [0.1, -0.3]), (Some(3), [4.0, 4.4]), (Some(1), [3.0, 4.1])]
                .map(|(at, values)| Measured { at, values: values.map(|v| sign * v).to_vec() })
        };
        let there = weigh(&commits, &measured(1.0), 0.0, 4.2);
        let back = weigh(&commits, &measured(-1.0), 0.0, -4.2);
        let pairs = there.posterior.iter().zip(&back.posterior);
        assert!(pairs.clone().all(|(a, b)| (a - b).abs() < 1e-6), "{there:?} {back:?}");
    }

    #[test]
    fn values_that_do_not_vary_are_no_trouble() {
        let commits =
            Commits::new(vec!["a".into(), "b".into()], vec![vec![], vec![0]]).expect("a graph");
        for value in [0.0, 1.0, 1e9] {
            let measured = [(None, 0.0), (Some(1), value), (Some(0), value)]
                .map(|(at, value)| Measured { at, values: vec![value; 3] });
            let belief = weigh(&commits, &measured, 0.0, value);
            assert!((belief.posterior.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{belief:?}");
        }
    }
}
