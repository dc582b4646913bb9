//! Targets that read text.

use crate::files::check;
use crate::import::table::{Defaults, Form};
use crate::import::{Wishes, better, lkp, phoronix, table};
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
    let warnings = found.kernel_warnings.iter();
    let warnings = warnings.flat_map(|warning| warning.stack.iter().chain([&warning.line]));
    let options = found.settings.iter().flat_map(|(_, options)| options);
    let shown = found.facts.iter().map(|(_, value)| value).chain(warnings).chain(options);
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

/// Any bytes as a source that is imported. The first byte says as which.
pub fn imports(data: &[u8]) {
    let Some((kind, content)) = data.split_first() else { return };
    let defaults = Defaults { machine: Some("m"), config: Some("c"), run: Some("r") };
    let found = match kind % 6 {
        0 => table::read(content, Form::Separated(b','), defaults),
        1 => table::read(content, Form::Separated(b'\t'), defaults),
        2 => table::read(content, Form::JsonLines, defaults),
        3 => match str::from_utf8(content) {
            Ok(xml) => phoronix::read(xml, "m", None),
            Err(_) => return,
        },
        kind => {
            let names = ["t", "p", "m", "r", "k", "c", "0123456789abcdef", "0"];
            let names: Vec<String> = names.map(str::to_owned).into();
            let is_matrix = kind == 4;
            let place = lkp::Place::of(&names[..if is_matrix { 7 } else { 8 }], is_matrix);
            lkp::read(&place.expect("such is a place"), content, str::from_utf8(content).ok())
        }
    };
    for run in found.iter().flat_map(|found| &found.runs) {
        for samples in run.iterations.values().flat_map(|benchmarks| benchmarks.values()) {
            assert!(samples.iter().all(|sample| sample.value.is_finite()));
            for sample in samples {
                let _ = better(&Wishes::default(), "x", &sample.operation, &sample.unit);
            }
        }
    }
}
