//! What a monitor saw over time, the kernels drawn over each other.

use super::Plot;
use super::canvas::{Anchor, Canvas, Ink, UNITS, draw};
use super::value_axis::ValueAxis;
use crate::model::Curve;
use crate::site::SiteError;

const WIDTH: i32 = 360 * UNITS;
const HEIGHT: i32 = 170 * UNITS;
const LEFT: i32 = 54 * UNITS;
const MARGIN: i32 = 6 * UNITS;
/// Room for the times.
const FOOT: i32 = 22 * UNITS;
/// Times at the foot, at most.
const TIMES: f64 = 4.0;

/// Draws the curves, each in its ink; `None` where there is none.
pub fn courses(label: String, curves: &[(Ink, &Curve)]) -> Result<Option<Plot>, SiteError> {
    let bottom = HEIGHT - FOOT;
    let ends = curves.iter().flat_map(|(_, curve)| [curve.low, curve.high]);
    let Some(values) = ValueAxis::new(ends, MARGIN, bottom) else { return Ok(None) };
    let until = curves.iter().map(|(_, curve)| curve.to).fold(0.0, f64::max);
    let times = TimeAxis { until: if until > 0.0 { until } else { 1.0 } };
    let body = draw((WIDTH as u32, HEIGHT as u32), |canvas| {
        values.draw(canvas, LEFT, WIDTH - MARGIN)?;
        times.draw(canvas, bottom)?;
        for (ink, curve) in curves {
            let point = |(time, value)| (times.x(time), values.y(value));
            let mut line: Vec<(i32, i32)> = curve.points().map(point).collect();
            // What stands on one line needs only its ends.
            straighten(&mut line);
            canvas.line(*ink, line)?;
        }
        Ok(())
    })?;
    let (width, height) = (WIDTH as u32, HEIGHT as u32);
    Ok(Some(Plot { width, height, label, body, hits: Vec::new() }))
}

/// Takes points off that lie on a level line between their neighbours.
fn straighten(line: &mut Vec<(i32, i32)>) {
    let mut at = 0;
    let level: Vec<bool> =
        line.windows(3).map(|three| three[0].1 == three[1].1 && three[1].1 == three[2].1).collect();
    line.retain(|_| {
        at += 1;
        at < 2 || !level.get(at - 2).copied().unwrap_or(false)
    });
}

/// Seconds since the monitor started on their way to positions.
struct TimeAxis {
    until: f64,
}

impl TimeAxis {
    fn x(&self, time: f64) -> i32 {
        let share = (time / self.until).clamp(0.0, 1.0);
        LEFT + (share * f64::from(WIDTH - MARGIN - LEFT)).round() as i32
    }

    fn draw(&self, canvas: &Canvas, bottom: i32) -> Result<(), SiteError> {
        const STEPS: [f64; 12] =
            [1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 3600.0];
        let least = self.until / TIMES;
        let hours = 3600.0 * (least / 3600.0).ceil().max(1.0);
        let step = STEPS.into_iter().find(|step| *step >= least).unwrap_or(hours);
        for number in 0..=TIMES as u32 {
            let time = f64::from(number) * step;
            if time > self.until {
                break;
            }
            let x = self.x(time);
            // The last one must not run over the edge.
            let inside = x.min(WIDTH - MARGIN - 16 * UNITS);
            canvas.text(&shown(time, step), (inside, bottom + 4 * UNITS), Anchor::Below)?;
        }
        Ok(())
    }
}

fn shown(time: f64, step: f64) -> String {
    match step {
        step if step >= 3600.0 => format!("{:.0} h", time / 3600.0),
        step if step >= 60.0 => format!("{:.0} min", time / 60.0),
        _ => format!("{time:.0} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kernel_has_its_ink() {
        let one = Curve::new((0.0, 100.0), &[1.0, 5.0, 2.0]).expect("a curve");
        let other = Curve::new((2.0, 250.0), &[1.0, 1.0, 1.0, 1.0]).expect("a curve");
        let curves = [(Ink::First, &one), (Ink::Second, &other)];
        let plot = courses("system CPU".into(), &curves).expect("drawn").expect("measured");
        assert!(plot.body.contains("class=\"k1\"") && plot.body.contains("class=\"k2\""));
        assert!(plot.body.contains("4 min"), "{}", plot.body);
        assert!(courses(String::new(), &[]).expect("drawn").is_none());
    }

    #[test]
    fn level_lines_are_short() {
        let mut line = vec![(0, 5), (1, 5), (2, 5), (3, 5), (4, 6), (5, 6)];
        straighten(&mut line);
        assert_eq!(line, [(0, 5), (3, 5), (4, 6), (5, 6)]);
    }
}
