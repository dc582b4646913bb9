//! What a search for a commit measured: the commits in their order, a dot a measurement.

use super::Plot;
use super::canvas::{Anchor, Canvas, Ink, UNITS, draw};
use super::value_axis::ValueAxis;
use crate::bisect::{Account, Measured};
use crate::site::SiteError;

const WIDTH: u32 = 1120 * UNITS as u32;
const HEIGHT: u32 = 270 * UNITS as u32;
const LEFT: i32 = 54 * UNITS;
const MARGIN: i32 = 16 * UNITS;
/// Room for the numbers of commits.
const FOOT: i32 = 24 * UNITS;
const DOT: i32 = 3 * UNITS;
/// Numbers of commits have so much room.
const NUMBER: i32 = 44 * UNITS;

/// Draws it; `None` where nothing was measured.
pub fn bisect(account: &Account) -> Result<Option<Plot>, SiteError> {
    let bottom = HEIGHT as i32 - FOOT;
    let all = account.measured.iter().flat_map(|one| one.values.iter().copied());
    let Some(values) = ValueAxis::new(all, MARGIN, bottom) else { return Ok(None) };
    let right = WIDTH as i32 - MARGIN;
    let x = |number: usize| {
        let share = number as f64 / account.commits.max(1) as f64;
        LEFT + 2 * DOT + (share * f64::from(right - LEFT - 4 * DOT)).round() as i32
    };
    let culprit = account.culprit().map(|found| found.commit.as_str());
    let is_culprit = |one: &Measured| Some(one.commit.as_str()) == culprit;
    let body = draw((WIDTH, HEIGHT), |canvas| {
        if let Some(found) = account.measured.iter().find(|one| is_culprit(one)) {
            let (from, to) = (x(found.number.saturating_sub(1)), x(found.number));
            canvas.rectangle(Ink::Window, (from.min(to - DOT), MARGIN), (to, bottom))?;
        }
        values.draw(canvas, LEFT, right)?;
        for one in &account.measured {
            let ink = if is_culprit(one) { Ink::Worse } else { Ink::Point };
            let dot = |value: &f64| canvas.dot(ink, (x(one.number), values.y(*value)), DOT);
            one.values.iter().try_for_each(dot)?;
        }
        numbers(canvas, account, &x, bottom)
    })?;
    let label = format!(
        "Measurements of {} of {} commits, in their order",
        account.measured.iter().filter(|one| !one.values.is_empty()).count(),
        account.commits
    );
    Ok(Some(Plot { width: WIDTH, height: HEIGHT, label, body, hits: Vec::new() }))
}

/// The ends, and numbers of commits as far as there is room.
fn numbers(
    canvas: &Canvas,
    account: &Account,
    x: &dyn Fn(usize) -> i32,
    bottom: i32,
) -> Result<(), SiteError> {
    let y = bottom + 4 * UNITS;
    let (first, last) = (x(0), x(account.commits));
    canvas.text("good", (first, y), Anchor::Below)?;
    canvas.text("bad", (last, y), Anchor::Below)?;
    let mut free = first + NUMBER;
    for one in &account.measured {
        let at = x(one.number);
        if at >= free && at <= last - NUMBER {
            canvas.text(&one.number.to_string(), (at, y), Anchor::Below)?;
            free = at + NUMBER;
        }
    }
    Ok(())
}
