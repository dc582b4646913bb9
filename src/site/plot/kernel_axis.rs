//! The horizontal axis: one place a kernel, with as many names as there is room for.

use super::canvas::{Anchor, Canvas, UNITS};
use crate::site::SiteError;

/// About the width of a character.
const CHARACTER: i32 = 6 * UNITS;
/// Height of a line of text.
const LINE: i32 = 13 * UNITS;
/// Longest name that is written upwards.
const MAX_UPWARDS: usize = 15;
/// Up to so many kernels a plot is of the usual width.
const FEW: usize = 16;

/// The kernels of a plot on their way to positions.
#[derive(Clone, Debug)]
pub struct KernelAxis {
    names: Vec<String>,
    left: i32,
    right: i32,
    upwards: bool,
}

/// Width of a plot of so many kernels.
pub fn width(kernels: usize) -> u32 {
    let pixels = if kernels <= FEW { 360 } else { 720 };
    pixels * UNITS as u32
}

impl KernelAxis {
    /// An axis for these kernels between two positions.
    pub fn new(kernels: &[&str], left: i32, right: i32) -> KernelAxis {
        let names: Vec<String> = without_common_end(kernels);
        let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let slot = (right - left) / names.len().max(1) as i32;
        let upwards = (longest as i32 + 1) * CHARACTER > slot;
        let names = names.iter().map(|name| if upwards { shortened(name) } else { name.clone() });
        KernelAxis { names: names.collect(), left, right, upwards }
    }

    /// Height that the names need.
    pub fn height(&self) -> i32 {
        let longest = self.names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let text = if self.upwards { longest as i32 * CHARACTER } else { LINE };
        text + 12
    }

    /// Position of a kernel's middle.
    pub fn x(&self, at: usize) -> i32 {
        let slots = self.names.len().max(1) as i64;
        let span = i64::from(self.right - self.left);
        self.left + ((2 * at as i64 + 1) * span / (2 * slots)) as i32
    }

    /// Where the place of a kernel begins; that of the one after the last is the end.
    pub fn edge(&self, at: usize) -> i32 {
        let slots = self.names.len().max(1) as i64;
        let span = i64::from(self.right - self.left);
        self.left + (at as i64 * span / slots) as i32
    }

    /// Half the width that a kernel's box may have.
    pub fn half_slot(&self) -> i32 {
        let slots = self.names.len().max(1) as i32;
        ((self.right - self.left) / slots / 3).clamp(1, 16 * UNITS)
    }

    /// Names, every second or third or so where there are many; the newest always has its own.
    pub fn draw(&self, canvas: &Canvas, y: i32) -> Result<(), SiteError> {
        let slot = ((self.right - self.left) / self.names.len().max(1) as i32).max(1);
        let every = if self.upwards { (LINE / slot + 1) as usize } else { 1 };
        let shown = self.names.iter().enumerate().rev().step_by(every);
        for (at, name) in shown.filter(|(_, name)| !name.is_empty()) {
            let anchor = if self.upwards { Anchor::Upwards } else { Anchor::Below };
            canvas.text(name, (self.x(at), y + 8), anchor)?;
        }
        Ok(())
    }
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= MAX_UPWARDS {
        return name.to_owned();
    }
    name.chars().take(MAX_UPWARDS - 1).chain(['…']).collect()
}

/// The names without an end that all have, such as `-stable`. Places without a name do not count.
fn without_common_end(names: &[&str]) -> Vec<String> {
    let named = || names.iter().filter(|name| !name.is_empty());
    let end = named().next().and_then(|name| Some(&name[name.rfind('-')?..])).unwrap_or("");
    let common =
        named().count() > 1 && named().all(|name| name.len() > end.len() && name.ends_with(end));
    let strip = |name: &&str| match name.strip_suffix(end) {
        Some(rest) if common => rest.to_owned(),
        _ => (*name).to_owned(),
    };
    names.iter().map(strip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_common_end_is_left_out() {
        assert_eq!(without_common_end(&["6.1-stable", "6.6-stable"]), ["6.1", "6.6"]);
        assert_eq!(without_common_end(&["6.1-rc1", "6.1"]), ["6.1-rc1", "6.1"]);
        assert_eq!(without_common_end(&["-x", "-x"]), ["-x", "-x"]);
        assert_eq!(without_common_end(&["solo-a"]), ["solo-a"]);
        assert_eq!(without_common_end(&["6.1-stable", "", "6.6-stable"]), ["6.1", "", "6.6"]);
    }

    #[test]
    fn kernels_stay_between_the_ends() {
        let names = vec!["kernel-of-some-length"; 60];
        let axis = KernelAxis::new(&names, 100, 1400);
        assert!(axis.upwards);
        assert!(axis.x(0) > 100 && axis.x(59) < 1400);
    }
}
