//! Results of the Phoronix Test Suite: `composite.xml`.
//!
//! `<System>`s are what was tested, with the kernel in `<Software>`; each `<Result>` is a test with an
//! `<Entry>` for each of them, whose `<RawString>` has the value of every trial.

use std::collections::BTreeMap;

use roxmltree::{Document, Node};

use super::{Found, Sample, summed_up};
use crate::model::Direction;

/// What stands for a value in results that are no numbers.
const KERNEL: &str = "Kernel: ";

/// What was tested.
struct System {
    identifier: String,
    /// `6.8.0-31-generic`
    kernel: Option<String>,
    facts: BTreeMap<String, String>,
}

/// Reads a composite.xml. `machine` is what was tested, which the file does not name.
pub fn read(xml: &str, machine: &str, config: Option<&str>) -> Result<Found, String> {
    let document = Document::parse(xml).map_err(|error| format!("not valid: {error}"))?;
    let root = document.root_element();
    if root.tag_name().name() != "PhoronixTestSuite" {
        return Err("no composite.xml of the Phoronix Test Suite".to_owned());
    }
    let systems: Vec<System> = children(root, "System").map(system).collect();
    let title = child(root, "Generated").and_then(|generated| text(generated, "Title"));
    let config = config.or(title).unwrap_or("phoronix");
    let mut found = Found::default();
    let mut odd: Vec<String> = Vec::new();
    for result in children(root, "Result") {
        let Some(identifier) = text(result, "Identifier") else { continue };
        let benchmark = benchmark(identifier);
        let operation = text(result, "Description")
            .or_else(|| text(result, "Arguments"))
            .unwrap_or(&benchmark)
            .to_owned();
        let unit = text(result, "Scale").unwrap_or_default();
        let better = match text(result, "Proportion") {
            Some("LIB") => Some(Direction::Lower),
            Some("HIB") => Some(Direction::Higher),
            _ => None,
        };
        for entry in children(result, "Data").flat_map(|data| children(data, "Entry")) {
            let of = text(entry, "Identifier").unwrap_or_default();
            let values = values(entry);
            if values.is_empty() {
                odd.push(format!("{benchmark}: {operation} of {of}"));
                continue;
            }
            let run = found.run(machine, config, &name(&systems, of));
            if let Some(system) = systems.iter().find(|system| system.identifier == of) {
                run.facts.clone_from(&system.facts);
            }
            let benchmarks = run.iterations.entry(0).or_default();
            let samples = benchmarks.entry(benchmark.clone()).or_default();
            samples.extend(values.into_iter().map(|value| Sample {
                operation: operation.clone(),
                unit: unit.to_owned(),
                better,
                interval: None,
                value,
            }));
        }
    }
    found.left_out.extend(summed_up(&odd, "no number"));
    Ok(found)
}

fn children<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| child.tag_name().name() == name)
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> Option<Node<'a, 'i>> {
    children(node, name).next()
}

fn text<'a>(node: Node<'a, '_>, name: &'static str) -> Option<&'a str> {
    child(node, name)?.text().map(str::trim).filter(|text| !text.is_empty())
}

/// `Kernel: 6.8.0 (x86_64), Compiler: GCC 13` as pairs. A part without a colon belongs to the one before.
fn system(node: Node) -> System {
    let mut facts: BTreeMap<String, String> = BTreeMap::new();
    let mut last = None;
    for list in ["Hardware", "Software"].into_iter().filter_map(|name| text(node, name)) {
        for part in list.split(", ") {
            match (part.split_once(": "), &last) {
                (Some((name, value)), _) => {
                    facts.insert(name.to_owned(), value.to_owned());
                    last = Some(name.to_owned());
                }
                (None, Some(name)) => {
                    if let Some(value) = facts.get_mut(name) {
                        *value += ", ";
                        *value += part;
                    }
                }
                (None, None) => {}
            }
        }
    }
    let software = text(node, "Software").unwrap_or_default();
    let kernel = software.split_once(KERNEL).and_then(|(_, rest)| rest.split([' ', ',']).next());
    System {
        identifier: text(node, "Identifier").unwrap_or_default().to_owned(),
        kernel: kernel.filter(|kernel| !kernel.is_empty()).map(str::to_owned),
        facts,
    }
}

/// The kernel, where every system has one of its own; else what people called the system.
fn name(systems: &[System], identifier: &str) -> String {
    let mut kernels: Vec<&str> =
        systems.iter().filter_map(|system| system.kernel.as_deref()).collect();
    kernels.sort_unstable();
    kernels.dedup();
    let of = systems.iter().find(|system| system.identifier == identifier);
    match of.and_then(|system| system.kernel.as_deref()) {
        Some(kernel) if kernels.len() == systems.len() => kernel.to_owned(),
        _ => identifier.to_owned(),
    }
}

/// `pts/compress-zstd-1.6.0` without its source and version.
fn benchmark(identifier: &str) -> String {
    let name = identifier.rsplit('/').next().unwrap_or(identifier);
    match name.rsplit_once('-') {
        Some((name, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => {
            name.to_owned()
        }
        _ => name.to_owned(),
    }
}

/// The values of all trials, else the one value.
fn values(entry: Node) -> Vec<f64> {
    let numbers = |text: &str| -> Option<Vec<f64>> {
        let number = |word: &str| word.trim().parse().ok().filter(|value: &f64| value.is_finite());
        text.split(':').map(number).collect()
    };
    let of = |name: &'static str| text(entry, name).and_then(numbers);
    of("RawString").or_else(|| of("Value")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_name_the_runs_where_each_system_has_its_own() {
        let xml = |second: &str| {
            format!(
                "<PhoronixTestSuite><Generated><Title>mine</Title></Generated>\
                 <System><Identifier>a</Identifier><Hardware>Processor: X, Memory: 2 x 8 GB</Hardware>\
                 <Software>OS: Debian, Kernel: 6.1.0 (x86_64)</Software></System>\
                 <System><Identifier>b</Identifier><Software>Kernel: {second} (x86_64)</Software></System>\
                 <Result><Identifier>pts/compress-zstd-1.6.0</Identifier><Description>Level: 3</Description>\
                 <Scale>MB/s</Scale><Proportion>HIB</Proportion><Data>\
                 <Entry><Identifier>a</Identifier><Value>2</Value><RawString>1:2:3</RawString></Entry>\
                 <Entry><Identifier>b</Identifier><Value>4</Value></Entry>\
                 <Entry><Identifier>b</Identifier><Value>PASS</Value></Entry></Data></Result>\
                 </PhoronixTestSuite>"
            )
        };
        let found = read(&xml("6.8.0"), "host", None).unwrap();
        let names: Vec<&str> = found.runs.iter().map(|run| run.name.as_str()).collect();
        assert_eq!(names, ["6.1.0", "6.8.0"]);
        let samples = &found.runs[0].iterations[&0]["compress-zstd"];
        assert_eq!(samples.iter().map(|sample| sample.value).collect::<Vec<_>>(), [1.0, 2.0, 3.0]);
        assert_eq!(
            (samples[0].unit.as_str(), samples[0].better),
            ("MB/s", Some(Direction::Higher))
        );
        assert_eq!(found.runs[0].facts["Memory"], "2 x 8 GB");
        assert_eq!(found.left_out, ["no number: compress-zstd: Level: 3 of b"]);
        let found = read(&xml("6.1.0"), "host", None).unwrap();
        assert_eq!(found.runs[1].name, "b");
    }

    #[test]
    fn other_xml_is_refused() {
        for xml in ["", "<a/>", "<PhoronixTestSuite>", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"]
        {
            assert!(read(xml, "host", None).is_err(), "{xml}");
        }
    }
}
