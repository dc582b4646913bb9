//! Whole sites, made of invented runs.

mod asked;
mod markup;
mod sample;
#[path = "../../../tests/it/schema.rs"]
mod schema;

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::*;
use crate::analysis::{Baseline, compare, pages, set_verdicts};
use crate::notes::pending::Pending;
use crate::notes::words::About;
use crate::notes::{AlertNotes, Entry, Notes, State, Subject};
use markup::{check_markup, internal_links};
use sample::{invented_runs, judged, problem};

/// A site in memory.
#[derive(Default)]
struct Memory(Mutex<BTreeMap<String, String>>);

impl Output for Memory {
    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), SiteError> {
        let text = String::from_utf8(bytes.to_vec()).expect("pages are UTF-8");
        let before = self.0.lock().expect("no panic").insert(path.to_owned(), text);
        assert_eq!(before, None, "{path} is written once");
        Ok(())
    }

    fn keep(&self, _folder: &str, _key: &str) -> bool {
        false
    }
}

fn site_of(runs: &[Run], problems: &[Problem]) -> BTreeMap<String, String> {
    site_with(runs, problems, &Notes::default())
}

fn site_with(runs: &[Run], problems: &[Problem], notes: &Notes) -> BTreeMap<String, String> {
    let options = SiteOptions {
        raw_logs: RawLogs::Relative("../results".into()),
        words: Words {
            texts: [((About::Front, String::new()), "A *note*".to_owned())].into(),
            ..Words::default()
        },
        ..SiteOptions::default()
    };
    site_as_asked(runs, problems, notes, &Pending::default(), &options)
}

fn site_as_asked(
    runs: &[Run],
    problems: &[Problem],
    notes: &Notes,
    pending: &Pending,
    options: &SiteOptions,
) -> BTreeMap<String, String> {
    let runs: Vec<&Run> = runs.iter().collect();
    let mut comparisons: Vec<Comparison> = pages(runs.iter().copied())
        .iter()
        .map(|page| compare(page, &Baseline::Previous).expect("a baseline"))
        .collect();
    let settings = Settings::default();
    let judged = judged(&runs);
    let report = Report::new(&judged, notes);
    set_verdicts(&mut comparisons, &judged, &report, &settings);
    let out = Memory::default();
    let results = Results {
        runs: &runs,
        comparisons: &comparisons,
        problems,
        judged: &judged,
        report: &report,
        evidence: None,
        settings: &settings,
        bisects: &[],
        pending,
    };
    build(&results, options, &out).expect("a site");
    out.0.into_inner().expect("no panic")
}

/// Every page is sound, every link inside the site leads somewhere, and data is as the schema says.
fn check(site: &BTreeMap<String, String>) {
    let mut schema = schema::Schema::new(&site["schema.json"]);
    for (path, text) in site.iter().filter(|(path, _)| path.ends_with(".json")) {
        if path != "schema.json" {
            schema.check(path, text);
        }
    }
    for (path, page) in site.iter().filter(|(path, _)| path.ends_with(".html")) {
        check_markup(path, page);
        for (target, anchor) in internal_links(path, page) {
            let Some(found) = site.get(&target) else { panic!("{path} links to {target}") };
            let id = format!(" id=\"{anchor}\"");
            assert!(anchor.is_empty() || found.contains(&id), "{path} links to {target}#{anchor}");
        }
    }
}

#[test]
fn all_pages_are_sound_and_linked() {
    let runs = invented_runs(&["m"], &["c", "d"], &["6.1", "6.1.2", "6.2", "mine"], 12, 4);
    let site = site_of(&runs, &[problem("a/b")]);
    check(&site);
    for path in [
        "index.html",
        "help.html",
        "problems.html",
        "m/c/index.html",
        "m/d/6.1.2.html",
        "kernels/6.2.html",
        "machines/index.html",
        "machines/m.html",
        "benchmarks/index.html",
        "benchmarks/bench.html",
        "alerts.html",
        "alerts.json",
        "alerts.xml",
        "m/c/operations/bench.html",
        "assets/style.css",
    ] {
        assert!(site.contains_key(path), "{path}");
    }
    assert!(site["index.html"].contains("▼") && site["index.html"].contains("A <em>note</em>"));
    assert!(site["m/c/index.html"].contains("[−"), "intervals are shown");
}

/// The page of the alert at 6.2.
fn alert_page(site: &BTreeMap<String, String>) -> (&str, &str) {
    let is_it = |path: &str, page: &str| {
        path.starts_with("alert/") && path.ends_with(".html") && page.contains("in 6.2 on m")
    };
    let mut pages = site.iter().filter(|(path, page)| is_it(path, page));
    let (path, page) = pages.next().expect("an alert");
    (path, page)
}

#[test]
fn an_alert_is_told_wherever_it_matters() {
    let runs = invented_runs(&["m"], &["c"], &["6.1", "6.2", "6.3"], 2, 4);
    let site = site_of(&runs, &[]);
    check(&site);
    let (path, page) = alert_page(&site);
    for part in ["regressed in 6.2", "melbot bisect start ", "class=\"wi\"", "iter-0", "100."] {
        assert!(page.contains(part), "{part}");
    }
    for other in ["index.html", "alerts.html", "kernels/6.2.html", "m/c/index.html", "alerts.xml"] {
        assert!(site[other].contains(path), "{other}");
    }
    assert!(site["alerts.html"].contains("4 comparisons of 2 operations"));
    assert!(!site["kernels/6.1.html"].contains(path));
}

/// The histories of all operations of a benchmark are on one page: it has the alerts, every run is a
/// click away, and a link to an operation holds wherever the operation is.
#[test]
fn histories_lead_to_runs_and_alerts() {
    let kernels = ["6.1", "6.1.1", "6.2", "6.3", "mine"];
    let runs = invented_runs(&["m"], &["c"], &kernels, 2, 4);
    let site = site_of(&runs, &[]);
    check(&site);
    let page = &site["m/c/operations/bench.html"];
    let (alert, _) = alert_page(&site);
    assert!(page.matches(&format!("<a href=\"../../../{alert}\" tabindex")).count() == 1, "a mark");
    for kernel in kernels {
        let link =
            format!("<a href=\"../../../m/c/{kernel}.html\" tabindex=\"-1\"><title>{kernel}: ");
        assert_eq!(page.matches(&link).count(), 2, "{kernel}: a point in each plot");
    }
    assert!(page.contains(">6.1.y<") && page.contains(">mainline<"));
    let anchor = format!("op-{}", slug("Op<1>-\"1\""));
    for other in ["m/c/index.html", alert] {
        assert!(site[other].contains(&format!("operations/bench.html#{anchor}")), "{other}");
    }
}

#[test]
fn a_link_to_an_operation_outlives_the_split_of_its_page() {
    let runs = invented_runs(&["m"], &["c"], &["6.1", "6.2"], 70, 2);
    let site = site_of(&runs, &[]);
    check(&site);
    let anchor = format!(" id=\"op-{}\"", slug("Op<69>-\"69\""));
    let (first, second) = ("m/c/operations/bench.html", "m/c/operations/bench~2.html");
    assert!(site[first].contains(&format!("<a{anchor} href=\"../../../{second}#op-")));
    assert!(site[second].contains(&format!("<section{anchor} class=\"long\">")));
}

/// What a machine ran, what it has not yet run, and what is open there.
#[test]
fn machines_have_pages() {
    let mut runs = invented_runs(&["m", "n"], &["c", "d"], &["6.1", "6.1.2", "6.2"], 2, 4);
    // On m the newest kernel was not measured with d.
    runs.retain(|run| (&*run.machine, &*run.config, &*run.name) != ("m", "d", "6.2"));
    runs[0].environment.facts.push(("Microcode".into(), "0x1".into()));
    runs[1].environment.facts.push(("Microcode".into(), "0x2".into()));
    let site = site_of(&runs, &[]);
    check(&site);
    let page = &site["machines/m.html"];
    let part = |from: &str| page.split(from).nth(1).unwrap_or_default();
    assert!(page.contains("5 runs of 3 kernels with 2 configs, the newest of 2023-11-16."));
    let newest = part("Newest kernels <small>").split("</table>").next().unwrap_or_default();
    for cell in [">mainline</th>", ">6.1.y</th>", "m/c/6.2.html", "m/d/6.1.html", "m/d/6.1.2.html"]
    {
        assert!(newest.contains(cell), "{cell}");
    }
    assert_eq!(page.matches("class=\"missing\"").count(), 1);
    assert!(page.contains("title=\"d on m with 6.2: missing\""));
    assert!(page.contains("0x2 <small class=\"dim\">(1 of 2 runs, last with 6.1.2)"));
    assert!(site["machines/index.html"].contains("machines/n.html"));
    assert!(site["m/c/index.html"].contains("machines/m.html"), "in the crumbs");
}

/// A benchmark on all machines: the newest verdicts, the alerts, and one operation in plots.
#[test]
fn benchmarks_have_pages_across_machines() {
    let runs = invented_runs(&["m", "n"], &["c"], &["6.1", "6.2", "6.3"], 2, 4);
    let site = site_of(&runs, &[]);
    check(&site);
    let page = &site["benchmarks/bench.html"];
    assert!(page.contains("Measured on 2 machines with 1 config."));
    for link in ["m/c/6.3.html", "n/c/6.3.html", "n/c/operations/bench.html", "machines/n.html"] {
        assert!(page.contains(&format!("href=\"../{link}")), "{link}");
    }
    assert_eq!(page.matches("role=\"img\"").count(), 2, "a plot a machine");
    for path in site.keys().filter(|path| path.starts_with("alert/") && path.ends_with(".html")) {
        assert!(page.contains(path), "{path}");
    }
}

#[test]
fn a_kernel_says_what_it_made_worse_or_better_everywhere() {
    let runs = invented_runs(&["m", "n"], &["c"], &["6.1", "6.2", "6.3"], 2, 4);
    let site = site_of(&runs, &[]);
    let page = &site["kernels/6.2.html"];
    let moved = page.split_once("Worse and better").map_or("", |(_, rest)| rest);
    let anchor = format!("operations/bench.html#op-{}", slug("Op<1>-\"1\""));
    for machine in ["m", "n"] {
        assert!(moved.contains(&format!("{machine}/c/{anchor}")), "{machine}");
    }
    assert!(!site["kernels/6.1.html"].contains("Worse and better"), "it is the first");
}

/// The clock of the home page is that of the results.
#[test]
fn the_home_page_says_what_happened_lately() {
    let mut runs = invented_runs(&["m"], &["c"], &["6.1", "6.2", "6.3"], 2, 4);
    let lately = |runs: &[Run]| {
        let page = site_of(runs, &[]).remove("index.html").unwrap_or_default();
        let from = page.find("In the two weeks").unwrap_or(page.len());
        page[from..].split('<').next().unwrap_or_default().to_owned()
    };
    assert_eq!(
        lately(&runs),
        "In the two weeks up to 2023-11-16 there were 3 runs of 3 kernels on 1 machine; \
         they showed 2 regressions."
    );
    let started = &mut runs[2].started;
    *started = started.map(|at| at + 100 * 86_400);
    let later = lately(&runs);
    assert!(later.contains("1 run of 1 kernel on 1 machine; they showed 1 regression."), "{later}");
    runs.iter_mut().for_each(|run| run.started = None);
    assert_eq!(lately(&runs), "");
}

#[test]
fn large_labs_have_a_row_a_machine_on_the_home_page() {
    let configs: Vec<String> = (0..40).map(|n| format!("config-{n}")).collect();
    let configs: Vec<&str> = configs.iter().map(String::as_str).collect();
    let mut runs = invented_runs(&["m", "n"], &configs, &["6.1", "6.2"], 1, 2);
    runs.pop();
    let site = site_of(&runs, &[]);
    assert!(site["index.html"].contains(">39/40</a>"));
    assert!(site["machines/n.html"].contains("title=\"config-39 on n with 6.2: missing\""));
}

/// What the search finds is there: every page of the index, and every operation at its anchor.
#[test]
fn the_index_of_the_search_leads_everywhere() {
    let runs = invented_runs(&["m"], &["c"], &["6.1", "6.2"], 70, 2);
    let site = site_of(&runs, &[]);
    let index = site["search.js"].strip_prefix("melbotIndex(").expect("a call");
    let index = index.strip_suffix(");\n").expect("nothing else");
    let index: serde_json::Value = serde_json::from_str(index).expect("JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let mut kinds = Vec::new();
    for page in index["pages"].as_array().expect("pages") {
        kinds.push(text(&page[0]));
        assert!(site.contains_key(&text(&page[3])), "{page}");
    }
    kinds.dedup();
    assert_eq!(kinds, ["kernel", "machine", "benchmark", "config", "alert"]);
    let histories = index["operations"].as_array().expect("histories");
    let page = &site[&text(&histories[0][1])];
    let operations = histories[0][2].as_array().expect("operations");
    assert_eq!(operations.len(), 70);
    for operation in operations {
        assert!(page.contains(&format!(" id=\"op-{}\"", text(&operation[1]))), "{operation}");
    }
}

/// Machines and configs have feeds and badges of their own, comparisons their data.
#[test]
fn other_programs_have_feeds_badges_and_data() {
    let runs = invented_runs(&["m", "n"], &["c"], &["6.1", "6.2", "6.3"], 2, 4);
    let site = site_of(&runs, &[]);
    let (alert, _) = alert_page(&site);
    for (feed, root) in
        [("alerts.xml", ""), ("machines/m.xml", "../"), ("m/c/alerts.xml", "../../")]
    {
        assert!(site[feed].contains(&format!("href=\"{root}{alert}\"")), "{feed}");
        assert_eq!(site[feed].contains(" on n</title>"), feed == "alerts.xml", "{feed}");
    }
    assert!(site["badge.svg"].contains("kernel performance: 4 open regressions"));
    assert!(site["machines/m.svg"].contains(": 2 open regressions"));
    let quiet = site_of(&invented_runs(&["m"], &["c"], &["6.1"], 1, 1), &[]);
    assert!(quiet["m/c/badge.svg"].contains(": no open regression"));
    let data: serde_json::Value = serde_json::from_str(&site["m/c/comparison.json"]).expect("JSON");
    assert_eq!(data["columns"][2]["run"], "6.3");
    let cell = &data["benchmarks"][0]["operations"][1]["cells"][2];
    assert_eq!(cell["verdict"], "regressed");
    let named = format!("alert/{}.html", cell["alert"].as_str().expect("an alert"));
    assert!(site.contains_key(&named), "{named}");
}

/// What moved is to be seen at a glance; what did not, is not in the way.
#[test]
fn comparisons_have_a_heat_map_of_what_moved() {
    let runs = invented_runs(&["m"], &["c"], &["6.1", "6.2", "6.3"], 2, 4);
    let page = &site_of(&runs, &[])["m/c/index.html"];
    let heat = page.split("<table class=\"coverage heat\">").nth(1).expect("a heat map");
    let heat = heat.split("</table>").next().unwrap_or_default();
    assert!(page.contains(" 1 operation that did not move, or less, is left out."));
    // Lower is better: just under 5 % and 10 % more than at first.
    let cells: Vec<&str> = heat.split("<td class=\"").skip(1).collect();
    let begins = ["h0\"><", "w1\">−5<", "w2\">−10<"];
    for (cell, begin) in cells.iter().zip(begins) {
        assert!(cell.starts_with(begin), "{cell}");
    }
    assert_eq!(cells.len(), 3);
    let quiet = site_of(&invented_runs(&["m"], &["c"], &["6.1", "6.2"], 1, 4), &[]);
    assert!(!quiet["m/c/index.html"].contains("coverage heat"));
}

/// Scripts stay small, and nothing in a page needs one.
#[test]
fn scripts_stay_small() {
    let theme = Theme::default();
    let scripts = theme.assets.iter().filter(|(path, _)| path.ends_with(".js"));
    assert!(scripts.map(|(_, text)| text.len()).sum::<usize>() <= 30_000);
}

#[test]
fn notes_are_shown_and_cannot_do_harm() {
    let runs = invented_runs(&["m"], &["c"], &["6.1", "6.2", "6.3"], 2, 4);
    let site = site_of(&runs, &[]);
    let id = alert_page(&site).0.trim_start_matches("alert/").trim_end_matches(".html").to_owned();
    let said = |id: &str| AlertNotes {
        subject: Subject { id: id.to_owned(), ..Subject::default() },
        entries: vec![Entry {
            date: "2026-01-02T03:04:05Z".into(),
            state: State::Explained,
            author: "J <j@e.org>".into(),
            reason: "*known* <script>x</script> [x](javascript:y)".into(),
        }],
    };
    let alerts = vec![said(&id), said("../gone")];
    let site = site_with(&runs, &[], &Notes { alerts, problems: Vec::new() });
    check(&site);
    let page = &site[&format!("alert/{id}.html")];
    assert!(page.contains("<em>known</em>") && page.contains("2026-01-02 · explained · J &lt;"));
    assert!(!page.contains("<script>") && !page.contains("javascript:"));
    assert!(
        site["alerts.html"].contains("id=\"known\"") && site["alerts.html"].contains("../gone")
    );
    let pages = site.keys().filter(|path| path.starts_with("alert/") && path.ends_with(".html"));
    assert_eq!(pages.count(), 3);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let runs = invented_runs(&["m", "n"], &["c"], &["6.1", "6.2", "6.3"], 5, 3);
    assert!(site_of(&runs, &[]) == site_of(&runs, &[]));
}

#[test]
fn hostile_names_do_no_harm() {
    let long = "y".repeat(5_000);
    let names = [
        "",
        ".",
        "..",
        "../../etc/passwd",
        "<script>alert(1)</script>",
        "\"onload=\"x",
        "a b",
        "index",
        "index.html",
        "kernels",
        "A",
        "a",
        "x\\xff",
        "{{ 7 * 7 }}",
        "&amp;",
        "%2e%2e",
        "javascript:alert(1)",
        "line\nbreak",
        "\u{202e}",
        &long,
    ];
    let runs = invented_runs(&names[..6], &names[4..8], &names, 2, 1);
    let site = site_of(&runs, &[problem("<script>x</script>/../\"")]);
    check(&site);
    for (path, page) in &site {
        assert!(!path.contains("..") && !path.starts_with('/') && path.len() < 300, "{path}");
        assert!(!page.contains("<script>"), "{path}");
        assert!(!page.contains(" onload=\"x"), "{path}");
    }
}

#[test]
fn runs_of_the_same_name_have_pages_of_their_own() {
    let mut runs = invented_runs(&["m"], &["c"], &["6.1", "6.1"], 1, 2);
    runs[1].path = "elsewhere".into();
    let site = site_of(&runs, &[]);
    check(&site);
    assert_eq!(site.keys().filter(|path| path.starts_with("m/c/6.1")).count(), 2);
}

#[test]
fn nothing_measured_is_said_not_drawn() {
    let mut runs = invented_runs(&["m"], &["c"], &["6.1", "6.2"], 1, 1);
    runs[1].benchmarks.clear();
    let site = site_of(&runs, &[]);
    check(&site);
    assert!(site["m/c/index.html"].contains("nothing to compare"));
    check(&site_of(&[], &[]));
    runs[0].benchmarks.clear();
    check(&site_of(&runs, &[]));
}

#[test]
fn values_of_any_size_are_shown() {
    let mut runs = invented_runs(&["m"], &["c"], &["6.1", "6.2"], 1, 2);
    for (run, value) in runs.iter_mut().zip([1e100, -1e-100]) {
        let operation = &mut run.benchmarks[0].operations[0];
        operation.quartiles = [value; 5];
        operation.iterations.iter_mut().for_each(|iteration| iteration.mean = value);
        operation.statistics.iter_mut().for_each(|figure| *figure = Some(value));
    }
    check(&site_of(&runs, &[]));
}

#[test]
fn large_pages_stay_light() {
    let names: Vec<String> = (0..60).map(|n| format!("6.{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut runs = invented_runs(&["m"], &["c"], &names, 100, 3);
    for (run, seed) in runs.iter_mut().zip(0..) {
        run.benchmarks[0].watched = sample::watched(seed, 300, 3);
    }
    let site = site_of(&runs, &[]);
    assert!(site.contains_key("m/c/monitors/bench.html"));
    // What did not change says by how much, and how sure that is, when pointed at, and when it is copied.
    let page = &site["m/c/index.html"];
    let same = page.split("<td class=\"n same\"").skip(1).map(|cell| cell.split("</td>").next());
    let same: Vec<&str> = same.flatten().collect();
    assert!(same.len() > 100, "{}", same.len());
    let told = |cell: &&str| {
        cell.contains("no change: ")
            && cell.contains("data-change=\"≈ ")
            && !cell.contains("<small>")
    };
    assert!(same.iter().all(told) && page.contains("of what did not change, when pointed at"));
    for (path, page) in site.into_iter().filter(|(path, _)| !path.ends_with(".json")) {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut packed, page.as_bytes()).expect("memory");
        let size = packed.finish().expect("memory").len();
        assert!(size < 300_000, "{path}: {size}");
    }
}
