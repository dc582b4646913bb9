//! Histories of any number of series, in memory. Same arguments, same values.

use melbot::analysis::changes::{self, Kernel, SeriesData, Settings, Tree};
use melbot::model::Direction;

use crate::trees::Noise;

const KERNELS: usize = 60;
const BOOTS: usize = 3;
const SAMPLES: usize = 3;
/// Series of one benchmark.
const GROUP: usize = 10;

/// The samples of all series by series, kernel and boot, one after another.
pub struct Histories {
    series: usize,
    values: Vec<f64>,
}

impl Histories {
    /// Every fifth benchmark changes at a kernel of its own, by up to 20 %.
    pub fn new(series: usize) -> Histories {
        let mut noise = Noise(1);
        // The sum of twelve is nearly normal.
        let normal = |noise: &mut Noise| (0..12).map(|_| noise.unit()).sum::<f64>() - 6.0;
        let mut values = Vec::with_capacity(series * KERNELS * BOOTS * SAMPLES);
        for one in 0..series {
            let group = one / GROUP;
            let mut event = Noise(group as u64);
            let at = 1 + event.next() as usize % (KERNELS - 1);
            let size = if group.is_multiple_of(5) { 0.4 * event.unit() - 0.2 } else { 0.0 };
            let deviation = 0.002 + 0.03 * noise.unit();
            for kernel in 0..KERNELS {
                let level = if kernel >= at { size } else { 0.0 };
                for _ in 0..BOOTS {
                    let boot = level + deviation * normal(&mut noise);
                    for _ in 0..SAMPLES {
                        let sample: f64 = boot + deviation * normal(&mut noise);
                        values.push(100.0 * sample.exp());
                    }
                }
            }
        }
        Histories { series, values }
    }

    /// Number of series judged, and of alerts.
    pub fn judge(&self) -> (usize, usize) {
        let kernel = |at: usize| Kernel {
            name: format!("6.{at}"),
            track: 0,
            parent: at.checked_sub(1),
            order: at,
        };
        let tree = Tree { kernels: (0..KERNELS).map(kernel).collect() };
        let each = self.values.chunks_exact(KERNELS * BOOTS * SAMPLES).enumerate();
        let data: Vec<SeriesData> = each
            .map(|(at, values)| SeriesData {
                group: at / GROUP,
                direction: Direction::Lower,
                observations: values
                    .chunks_exact(BOOTS * SAMPLES)
                    .map(|boots| boots.chunks_exact(SAMPLES).collect())
                    .enumerate()
                    .collect(),
            })
            .collect();
        assert_eq!(data.len(), self.series);
        let judged = changes::judge(&tree, &data, &Settings::default());
        let alerts = judged.iter().map(|series| series.changes().count()).sum();
        (judged.len(), alerts)
    }
}
