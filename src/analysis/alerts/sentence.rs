//! The life of a change in one sentence.

use super::alert::Turn;
use super::life::{Event, Life, Shape};

/// Less of a change than this is not told as "all of it is there".
const MOST: f64 = 75.0;

impl Life {
    /// `regressed in 6.9 (+12.0 % [10.0, 14.1]), fixed in 6.12.3, still present in 6.11.y (6.11.9),
    /// backported to 6.6.31`.
    pub fn sentence(&self) -> String {
        let mut parts = vec![self.opening()];
        let mut at = 0;
        while let Some(event) = self.events.get(at) {
            // Neighbours of one kind are told together: "fixed in 6.13 and 6.12.3".
            let lead = self.lead(event);
            let rest = self.events[at..].iter().take_while(|e| self.lead(e) == lead);
            let places: Vec<String> = rest.map(place).collect();
            at += places.len();
            let part = format!("{lead} {}", listed(&places));
            parts.push(part.trim_end_matches(" in ").to_owned());
        }
        parts.join(", ")
    }

    /// Its start: `regressed in 6.9 (+12.0 % [10.0, 14.1])`.
    pub fn opening(&self) -> String {
        let alone = if self.shape == Shape::Transient { " alone" } else { "" };
        let verb = match (self.shape, self.turn) {
            (Shape::Drifting, Turn::Regression) => "got worse by and by from",
            (Shape::Drifting, Turn::Improvement) => "got better by and by from",
            (_, turn) => {
                return format!("{} in {}{alone} ({})", turn.verb(), self.kernel, self.size());
            }
        };
        format!("{verb} {} ({})", self.kernel, self.size())
    }

    /// `true` if the same happened to both at the same kernels, whatever the sizes.
    pub fn goes_as(&self, other: &Life) -> bool {
        let course = |life: &Life| -> Vec<(&'static str, String)> {
            let told = |event: &Event| (life.lead(event), where_(event).to_owned());
            life.events.iter().map(told).collect()
        };
        course(self) == course(other)
    }

    fn size(&self) -> String {
        self.effect.words()
    }

    /// What stands before the places of an event; the same for events that are told together.
    fn lead(&self, event: &Event) -> &'static str {
        let worse = self.turn == Turn::Regression;
        match event {
            Event::Drifted { .. } => "until",
            Event::Fixed { .. } if worse => "fixed in",
            Event::Fixed { .. } => "lost again in",
            Event::Reduced { .. } if worse => "partly fixed in",
            Event::Reduced { .. } => "partly lost in",
            Event::Recovered { .. } => "back at about the old level in",
            Event::Returned { .. } => "back again in",
            Event::NothingLater { .. } => "nothing later measured in",
            Event::StillPresent { .. } if worse => "still present in",
            Event::StillPresent { .. } => "kept in",
            Event::Backported { .. } => "backported to",
            Event::Origin { .. } => "as mainline had in",
            Event::NotSeen { .. } => "not seen in",
            Event::NotMeasured { .. } => "not measured in",
        }
    }
}

/// The kernel that an event names, or else the track.
fn where_(event: &Event) -> &str {
    match event {
        Event::Drifted { until: kernel }
        | Event::Origin { kernel }
        | Event::Fixed { kernel, .. }
        | Event::Reduced { kernel, .. }
        | Event::Recovered { kernel, .. }
        | Event::Returned { kernel, .. }
        | Event::StillPresent { kernel, .. }
        | Event::Backported { kernel, .. } => kernel,
        Event::NotSeen { track, .. }
        | Event::NotMeasured { track }
        | Event::NothingLater { track } => track,
    }
}

fn place(event: &Event) -> String {
    match event {
        Event::Reduced { kernel, effect, .. } | Event::Backported { kernel, effect, .. } => {
            format!("{kernel} ({})", effect.words())
        }
        Event::StillPresent { track, kernel, left_pct } => {
            let left = (*left_pct < MOST).then(|| format!("{left_pct:.0} % of it"));
            match (track.as_str(), left) {
                ("" | "mainline", None) => kernel.clone(),
                ("" | "mainline", Some(left)) => format!("{kernel} ({left})"),
                (track, None) => format!("{track} ({kernel})"),
                (track, Some(left)) => format!("{track} ({kernel}, {left})"),
            }
        }
        event => where_(event).to_owned(),
    }
}

/// `a`, `a and b`, `a, b and c`; after the fourth only how many more.
fn listed(places: &[String]) -> String {
    const SHOWN: usize = 4;
    match places {
        [] => String::new(),
        [one] => one.clone(),
        all if all.len() > SHOWN => {
            format!("{} and {} more", all[..SHOWN - 1].join(", "), all.len() + 1 - SHOWN)
        }
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
