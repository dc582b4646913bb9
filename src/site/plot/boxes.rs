//! How the samples of an operation are distributed: a box a kernel, from quartile to quartile,
//! with the median in it and whiskers to the extremes.

use super::canvas::{Canvas, Ink, UNITS, draw};
use super::kernel_axis::{self, KernelAxis};
use super::value_axis::ValueAxis;
use super::{Plot, Subject};
use crate::analysis::Cell;
use crate::site::SiteError;

const HEIGHT: u32 = 200 * UNITS as u32;
const LEFT: i32 = 54 * UNITS;
const MARGIN: i32 = 6 * UNITS;
/// With fewer samples than this on every kernel there is no distribution to show.
const FEWEST_SAMPLES: u64 = 5;

/// Draws it; `None` where there are too few samples.
pub fn boxes(subject: Subject, cells: &[Cell]) -> Result<Option<Plot>, SiteError> {
    if cells.iter().all(|cell| cell.samples < FEWEST_SAMPLES) {
        return Ok(None);
    }
    let width = kernel_axis::width(cells.len());
    let kernels = KernelAxis::new(subject.kernels, LEFT, width as i32 - MARGIN);
    let bottom = HEIGHT as i32 - kernels.height();
    let all = cells.iter().filter_map(|cell| cell.quartiles).flatten();
    let Some(values) = ValueAxis::new(all, MARGIN, bottom) else { return Ok(None) };
    let body = draw((width, HEIGHT), |canvas| {
        values.draw(canvas, LEFT, width as i32 - MARGIN)?;
        kernels.draw(canvas, bottom)?;
        for (at, quartiles) in
            cells.iter().enumerate().filter_map(|(at, c)| Some((at, c.quartiles?)))
        {
            draw_box(canvas, kernels.x(at), kernels.half_slot(), quartiles.map(|v| values.y(v)))?;
        }
        Ok(())
    })?;
    let label = format!("Distribution of the samples of {} in {}", subject.operation, subject.unit);
    Ok(Some(Plot { width, height: HEIGHT, label, body, hits: Vec::new() }))
}

fn draw_box(
    canvas: &Canvas,
    x: i32,
    half: i32,
    [least, lower, median, upper, greatest]: [i32; 5],
) -> Result<(), SiteError> {
    canvas.line(Ink::Whisker, vec![(x, least), (x, greatest)])?;
    canvas.rectangle(Ink::Box, (x - half, upper.min(lower - 1)), (x + half, lower))?;
    canvas.line(Ink::Median, vec![(x - half, median), (x + half, median)])
}
