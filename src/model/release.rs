//! Kernel versions: what a run's name says, their order, and the track they belong to.

use std::cmp::Ordering;
use std::fmt;

use super::{Run, natural_cmp};

/// A released kernel, or a release candidate, as the name of a run tells it.
///
/// Ordered by meaning: `6.12-rc4` < `6.12` < `6.12.1` < `6.13-rc1`. What follows the version
/// (`-stable`, `-vanilla`) takes no part in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Release {
    series: Series,
    /// Point release; 0 for a release of mainline.
    point: u32,
    /// Number of the release candidate.
    candidate: Option<u32>,
}

/// What mainline counts up: `6.12`, and in old times `2.6.32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Series {
    major: u32,
    minor: u32,
    /// Third number of the 2.x kernels.
    patch: Option<u32>,
}

/// A line of kernels that follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Track {
    /// Releases and candidates of mainline.
    Mainline,
    /// One stable series; the release names any of its kernels.
    Stable(Release),
}

impl Release {
    /// Reads the version at the start of a run's name, such as `v6.12.3-stable`.
    ///
    /// `None` for free text, and for linux-next, which is no point on any track.
    pub fn parse(name: &str) -> Option<Release> {
        if name.contains("-next-") {
            return None;
        }
        let name = name.strip_prefix("linux-").unwrap_or(name);
        let text = name.strip_prefix('v').unwrap_or(name);
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (version, rest) = text.split_at(end);
        let numbers: Vec<u32> =
            version.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        if numbers.len() < 2 || numbers.len() > 4 || numbers[0] > 99 {
            return None;
        }
        if !matches!(rest.chars().next(), None | Some('-' | '+' | '_' | '~' | ' ')) {
            return None;
        }
        let old_style = numbers[0] < 3;
        let (patch, point) = if old_style {
            (Some(numbers.get(2).copied().unwrap_or(0)), numbers.get(3))
        } else {
            (None, numbers.get(2))
        };
        let candidate = rest.strip_prefix("-rc").and_then(leading_number);
        Some(Release {
            series: Series { major: numbers[0], minor: numbers[1], patch },
            point: point.copied().unwrap_or(0),
            candidate,
        })
    }

    /// The tag in the git tree of the kernel that a run is named after, `v6.12.3`; absent for free text.
    pub fn tag_of(name: &str) -> Option<String> {
        Release::parse(name).map(|release| format!("v{release}"))
    }

    /// The track of the kernel that a run is named after, `mainline` or `6.12.y`; absent for free text.
    pub fn track_of(name: &str) -> Option<String> {
        Release::parse(name).map(|release| release.track().to_string())
    }

    /// The track this kernel is on.
    pub fn track(self) -> Track {
        if self.point == 0 { Track::Mainline } else { Track::Stable(self) }
    }

    /// Number of the point release; 0 for a release of mainline.
    pub fn point(self) -> u32 {
        self.point
    }

    /// Number of the release candidate.
    pub fn candidate(self) -> Option<u32> {
        self.candidate
    }

    /// `true` if this kernel lies on the path that leads to `later`: its own stable series, or
    /// mainline up to where that series branched off.
    pub fn leads_to(self, later: Release) -> bool {
        let same_series = self.series == later.series;
        let on_path = match later.track() {
            Track::Mainline => self.point == 0,
            Track::Stable(_) => same_series || self.point == 0,
        };
        on_path && self < later
    }

    fn key(self) -> (Series, u32, bool, Option<u32>) {
        (self.series, self.point, self.candidate.is_none(), self.candidate)
    }
}

fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

impl Ord for Release {
    fn cmp(&self, other: &Release) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Release {
    fn partial_cmp(&self, other: &Release) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.series)?;
        if self.point > 0 {
            write!(f, ".{}", self.point)?;
        }
        self.candidate.map_or(Ok(()), |number| write!(f, "-rc{number}"))
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        self.patch.map_or(Ok(()), |patch| write!(f, ".{patch}"))
    }
}

impl fmt::Display for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Track::Mainline => f.write_str("mainline"),
            Track::Stable(release) => write!(f, "{}.y", release.series),
        }
    }
}

/// Order of runs: released kernels by version, then free-text names. Equals by the date of the
/// kernel's release, then by the start of the run, then by name.
pub fn compare_runs(a: &Run, b: &Run) -> Ordering {
    let by_version = match (Release::parse(&a.name), Release::parse(&b.name)) {
        (Some(x), Some(y)) => x.cmp(&y),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    };
    by_version
        .then_with(|| a.released.cmp(&b.released))
        .then_with(|| a.started.cmp(&b.started))
        .then_with(|| natural_cmp(&a.name, &b.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(name: &str) -> Release {
        Release::parse(name).unwrap_or_else(|| panic!("{name} is a release"))
    }

    #[test]
    fn versions_are_ordered_by_meaning() {
        let in_order = [
            "2.6.32",
            "2.6.32.71",
            "2.6.39",
            "3.0",
            "3.2.0-rc7",
            "3.2",
            "3.2.52",
            "v3.12-rc7",
            "5.10.262-stable",
            "6.1.192-stable",
            "6.9",
            "6.12-rc4",
            "6.12-rc10",
            "6.12.0",
            "6.12.1",
        ];
        for pair in in_order.windows(2) {
            assert!(release(pair[0]) < release(pair[1]), "{} < {}", pair[0], pair[1]);
        }
        assert_eq!(release("6.12"), release("6.12.0-vanilla"));
        assert!(release("6.12-rc4294967295") < release("6.12"));
    }

    #[test]
    fn free_text_is_no_release() {
        for name in [
            "vanilla",
            "6",
            "6.x",
            "patch-6.12",
            "next-20250102",
            "6.12-rc4-next-20241022",
            "6.12abc",
            "1.2.3.4.5",
            "",
            "v",
            "99999999999.1",
        ] {
            assert_eq!(Release::parse(name), None, "{name}");
        }
    }

    #[test]
    fn stable_series_branch_from_mainline() {
        assert_eq!(release("6.12-rc1").track().to_string(), "mainline");
        assert_eq!(release("6.12.117-stable").track().to_string(), "6.12.y");
        assert_eq!(release("2.6.32.5").track().to_string(), "2.6.32.y");
        let later = release("6.12.3");
        assert!(release("6.12.2").leads_to(later));
        assert!(release("6.11").leads_to(later));
        assert!(!release("6.11.9").leads_to(later));
        assert!(!release("6.13").leads_to(later));
        assert!(!release("6.12.2").leads_to(release("6.13")));
    }

    #[test]
    fn free_text_comes_last_in_time_order() {
        let run = |(name, started): (&str, Option<i64>)| Run {
            name: name.to_owned(),
            started,
            ..Run::default()
        };
        let mut runs =
            [("patched", Some(9)), ("base", Some(5)), ("6.12", Some(1)), ("6.6", None)].map(run);
        runs.sort_by(compare_runs);
        assert_eq!(runs.map(|run| run.name), ["6.6", "6.12", "base", "patched"]);
    }
}
