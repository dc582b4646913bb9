//! Targets that read text.

use crate::files::check;
use crate::mmtests::activity::{parse_activity, parse_times};
use crate::mmtests::external::parse_protocol;
use crate::mmtests::logs::Text;
use crate::mmtests::{environment, printable};
use crate::mmtests::shellpack::Parsed;

/// Any bytes as the files of MMTests itself.
pub fn activity(data: &[u8]) {
    let text = Text::new("activity", data.to_vec());
    let activity = parse_activity(&text);
    for name in &activity.benchmarks {
        assert!(!name.is_empty());
    }
    let times = parse_times(&text);
    assert!(times.values().flatten().all(|seconds| seconds.is_finite()));
    let found = environment::of_texts(|_| Some(Text::new("file", data.to_vec())));
    let shown = found.facts.iter().map(|(_, value)| value).chain(&found.kernel_warnings);
    for value in shown {
        assert!(!value.chars().any(char::is_control), "{value:?}");
        assert!(value.chars().count() <= 5000);
    }
}

/// Any bytes as the output of a foreign parser.
pub fn protocol(data: &[u8]) {
    let mut out = Parsed::default();
    parse_protocol(&Text::new("output", data.to_vec()), &mut out);
    check(&out);
}
