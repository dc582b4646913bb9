//! How an operation went from kernel to kernel: the mean of each iteration, a line through their
//! means, and behind it the band in which the middle half of the samples lies.

use super::canvas::{Canvas, Ink, UNITS, draw};
use super::kernel_axis::{self, KernelAxis};
use super::value_axis::ValueAxis;
use super::{Plot, Subject};
use crate::analysis::{Cell, VerdictKind};
use crate::site::{SiteError, format};

const HEIGHT: u32 = 200 * UNITS as u32;
/// Left of the first kernel: the numbers of the values.
const LEFT: i32 = 54 * UNITS;
const MARGIN: i32 = 6 * UNITS;

/// Draws it; `None` where nothing was measured.
pub fn history(subject: Subject, cells: &[Cell]) -> Result<Option<Plot>, SiteError> {
    let width = kernel_axis::width(cells.len());
    let kernels = KernelAxis::new(subject.kernels, LEFT, width as i32 - MARGIN);
    let bottom = HEIGHT as i32 - kernels.height();
    let iterations = cells.iter().flat_map(|cell| cell.iterations.iter().copied());
    let bands = cells.iter().filter_map(band).flat_map(<[f64; 2]>::from);
    let Some(values) = ValueAxis::new(iterations.chain(bands), MARGIN, bottom) else {
        return Ok(None);
    };
    let body = draw((width, HEIGHT), |canvas| {
        values.draw(canvas, LEFT, width as i32 - MARGIN)?;
        kernels.draw(canvas, bottom)?;
        draw_band(canvas, cells, &kernels, &values)?;
        draw_line(canvas, cells, &kernels, &values)?;
        draw_points(canvas, cells, &kernels, &values)
    })?;
    Ok(Some(Plot { width, height: HEIGHT, label: describe(subject, cells), body }))
}

/// The quartiles of the samples, where there are enough for them to mean something.
fn band(cell: &Cell) -> Option<(f64, f64)> {
    let [_, low, _, high, _] = cell.quartiles?;
    (cell.samples >= 4).then_some((low, high))
}

fn mean(cell: &Cell) -> Option<f64> {
    let n = cell.iterations.len();
    (n > 0).then(|| cell.iterations.iter().map(|value| value / n as f64).sum())
}

fn draw_band(
    canvas: &Canvas,
    cells: &[Cell],
    kernels: &KernelAxis,
    values: &ValueAxis,
) -> Result<(), SiteError> {
    let measured: Vec<usize> = (0..cells.len()).collect();
    for stretch in
        measured.chunk_by(|a, b| band(&cells[*a]).is_some() == band(&cells[*b]).is_some())
    {
        let ends = |at: &usize| Some((kernels.x(*at), band(&cells[*at])?));
        let ends: Vec<(i32, (f64, f64))> = stretch.iter().filter_map(ends).collect();
        let upper = ends.iter().map(|(x, (_, high))| (*x, values.y(*high)));
        let lower = ends.iter().rev().map(|(x, (low, _))| (*x, values.y(*low)));
        match ends.as_slice() {
            [] => {}
            [(x, (low, high))] => {
                let half = kernels.half_slot();
                let (from, to) = ((x - half, values.y(*high)), (x + half, values.y(*low)));
                canvas.rectangle(Ink::Band, from, to)?;
            }
            _ => canvas.area(Ink::Band, upper.chain(lower).collect())?,
        }
    }
    Ok(())
}

fn draw_line(
    canvas: &Canvas,
    cells: &[Cell],
    kernels: &KernelAxis,
    values: &ValueAxis,
) -> Result<(), SiteError> {
    let all: Vec<Option<(i32, i32)>> = cells
        .iter()
        .enumerate()
        .map(|(at, cell)| Some((kernels.x(at), values.y(mean(cell)?))))
        .collect();
    for stretch in all.split(Option::is_none).filter(|stretch| stretch.len() > 1) {
        canvas.line(Ink::Line, stretch.iter().flatten().copied().collect())?;
    }
    Ok(())
}

fn draw_points(
    canvas: &Canvas,
    cells: &[Cell],
    kernels: &KernelAxis,
    values: &ValueAxis,
) -> Result<(), SiteError> {
    let radius = if cells.len() > 30 { 4 } else { 5 };
    for (at, cell) in cells.iter().enumerate() {
        let ink = match cell.verdict.kind {
            VerdictKind::Regressed => Ink::Worse,
            VerdictKind::Improved => Ink::Better,
            _ => Ink::Point,
        };
        let n = cell.iterations.len() as i32;
        for (iteration, value) in (0..).zip(&cell.iterations) {
            // Iterations stand side by side, so that equal ones can be told apart.
            let aside = (2 * iteration + 1 - n) * kernels.half_slot() / (2 * n.max(1));
            canvas.dot(ink, (kernels.x(at) + aside, values.y(*value)), radius)?;
        }
    }
    Ok(())
}

/// What a person who cannot see the plot should know.
fn describe(subject: Subject, cells: &[Cell]) -> String {
    let ends: Vec<(&str, f64)> = subject
        .kernels
        .iter()
        .zip(cells)
        .filter_map(|(kernel, cell)| Some((*kernel, mean(cell)?)))
        .collect();
    let name = |(kernel, value): &(&str, f64)| format!("{} on {kernel}", format::number(*value, 2));
    let what = format!(
        "{} in {} over {}",
        subject.operation,
        subject.unit,
        format::counted(ends.len(), "kernel")
    );
    match ends.as_slice() {
        [first, .., last] => format!("{what}: {} to {}", name(first), name(last)),
        _ => what,
    }
}
