//! Text that people are shown.

use std::error::Error;

/// `true` for what can stand in a text: no control character, and none of Unicode's bidirectional controls,
/// with which a name can pretend to be another.
pub fn can_be_shown(c: char) -> bool {
    let turns_direction =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !c.is_control() && !turns_direction
}

/// An error with all that it came of, each said once: some errors tell their cause themselves.
pub fn with_causes(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let text = deeper.to_string();
        if !said.contains(&text) {
            said += &format!(": {text}");
        }
        cause = deeper.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{what}")]
    struct Link {
        what: &'static str,
        source: Option<Box<Link>>,
    }

    #[test]
    fn each_cause_is_said_once() {
        let link = |what, source: Option<Link>| Link { what, source: source.map(Box::new) };
        let error = link("a: b", Some(link("b", Some(link("c", None)))));
        assert_eq!(with_causes(&error), "a: b: c");
    }

    #[test]
    fn what_hides_is_not_shown() {
        assert!(['a', 'é', '中', ' '].into_iter().all(can_be_shown));
        assert!(
            !['\0', '\u{1b}', '\u{202e}', '\u{2066}', '\u{200f}'].into_iter().any(can_be_shown)
        );
    }
}
