//! Which of the kernels of a tree are wanted.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::tree::Point;

/// Which kernels are measured.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Choice {
    /// Tracks: `mainline`, `6.12.y`; all if there is none.
    pub tracks: Vec<String>,
    /// Release candidates too.
    pub candidates: bool,
    /// Of a stable series every so many point releases.
    pub every: u32,
}

impl Default for Choice {
    fn default() -> Choice {
        Choice { tracks: Vec::new(), candidates: true, every: 1 }
    }
}

impl Choice {
    /// `true` for what is measured as soon as it is there.
    pub fn takes(&self, point: &Point) -> bool {
        let Some(release) = point.release() else {
            // Branches and free text were asked for by their names.
            return self.tracks.is_empty();
        };
        let track = release.track().to_string();
        self.is_wanted(&track)
            && (self.candidates || release.candidate().is_none())
            && release.point() % self.every.max(1) == 0
    }

    /// The newest of each track that is taken but for `every`: a new one of a series is of interest at its
    /// time, whatever its number.
    pub fn newest<'p>(&self, points: &'p [Point]) -> Vec<&'p Point> {
        let any = Choice { every: 1, ..self.clone() };
        let mut newest: BTreeMap<String, &Point> = BTreeMap::new();
        let mut others = Vec::new();
        for point in points.iter().filter(|point| any.takes(point)) {
            match point.release() {
                Some(release) => {
                    let place = newest.entry(release.track().to_string()).or_insert(point);
                    if place.release() < Some(release) {
                        *place = point;
                    }
                }
                None => others.push(point),
            }
        }
        newest.into_values().chain(others).collect()
    }

    fn is_wanted(&self, track: &str) -> bool {
        self.tracks.is_empty() || self.tracks.iter().any(|wanted| wanted == track)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(names: &[&str]) -> Vec<Point> {
        let point = |name: &&str| Point {
            name: (*name).to_owned(),
            commit: "0123456789abcdef".to_owned(),
            time: 0,
            track: None,
            branch: false,
            signed: false,
        };
        names.iter().map(point).collect()
    }

    fn taken(choice: &Choice, names: &[&str]) -> Vec<String> {
        let points = points(names);
        points.into_iter().filter(|p| choice.takes(p)).map(|p| p.name).collect()
    }

    #[test]
    fn tracks_candidates_and_every_so_many_point_releases_are_chosen() {
        let names = ["v6.12-rc1", "v6.12", "v6.12.4", "v6.12.5", "v6.6.10", "v6.13-rc1"];
        assert_eq!(taken(&Choice::default(), &names), names);
        let stable = Choice { tracks: vec!["6.12.y".to_owned()], every: 5, candidates: false };
        assert_eq!(taken(&stable, &names), ["v6.12.5"]);
        let mainline =
            Choice { tracks: vec!["mainline".to_owned()], candidates: false, ..Choice::default() };
        assert_eq!(taken(&mainline, &names), ["v6.12"]);
    }

    #[test]
    fn the_newest_of_a_track_is_that_of_its_meaning() {
        let all = points(&["v6.12.9", "v6.12.10", "v6.12-rc4", "v6.12", "v6.6.1"]);
        let names: Vec<&str> =
            Choice::default().newest(&all).iter().map(|point| point.name.as_str()).collect();
        assert_eq!(names, ["v6.12.10", "v6.6.1", "v6.12"]);
        let every = Choice { every: 5, ..Choice::default() };
        assert_eq!(every.newest(&points(&["v6.6.3", "v6.6.2"]))[0].name, "v6.6.3");
    }

    #[test]
    fn runs_are_called_like_their_kernels() {
        let mut point = points(&["v6.12.9"]).remove(0);
        assert_eq!(point.run_name(), "6.12.9");
        point.branch = true;
        point.name = "for-next/x".to_owned();
        assert_eq!(point.run_name(), "for-next-x-g0123456789ab");
    }
}
