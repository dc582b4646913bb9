//! Pages of jobs. Everything in them is escaped; there are no buttons: who changes jobs uses the API.

use std::fmt::Write as _;

use super::answer::Answer;
use super::request::Request;
use super::route::Failure;
use crate::coordinator::desk::Desk;
use crate::coordinator::estimate::Estimate;
use crate::coordinator::lines::Standing;
use crate::coordinator::outlook::Outlook;
use crate::notes::utc_of;
use crate::queue::{Filter, Job, Queue, State};

/// No more of what waits or is over is on a page.
const SHOWN: i64 = 100;

/// The page of this path.
pub fn answer(desk: &Desk, request: &Request) -> Result<Answer, Failure> {
    desk.with_queue(|queue| known(desk, queue, &request.path, &request.query))
}

fn known(desk: &Desk, queue: &Queue, path: &str, query: &str) -> Result<Answer, Failure> {
    if path.trim_end_matches('/') == "/builds" {
        return builds(desk, queue);
    }
    let id = path.strip_prefix("/jobs").unwrap_or_default().trim_matches('/');
    match id.parse() {
        _ if id == "style.css" => Ok(Answer::text(200, "text/css; charset=utf-8", STYLE)),
        _ if id.is_empty() => list(desk, queue, query),
        Ok(id) => one(desk, queue, id),
        Err(_) => Err(Failure::Refused(404, "there is no such page".to_owned())),
    }
}

fn list(desk: &Desk, queue: &Queue, query: &str) -> Result<Answer, Failure> {
    let of =
        |states: &[State], limit| Filter { states: states.to_vec(), limit, ..Filter::default() };
    let mut body = String::new();
    for scope in queue.paused()? {
        let _ = write!(body, "<p><strong>Paused:</strong> {}</p>", escaped(&scope.to_string()));
    }
    let outlook = Outlook::of(desk, queue)?;
    if let Some(sentence) = outlook.expected.sentence(desk.clock.now()) {
        let _ = write!(body, "<p>Expected: {}.</p>", escaped(&sentence));
    }
    if let Some(sentence) = outlook.missing.sentence() {
        let _ = write!(body, "<p><a href=\"/missing\">{}</a>.</p>", escaped(&sentence));
    }
    for unknown in &outlook.missing.unknown {
        let _ = write!(body, "<p role=\"alert\">Not known: {}.</p>", escaped(unknown));
    }
    for line in outlook.lines.iter().filter(|line| line.standing() != Standing::Builds) {
        let _ = write!(
            body,
            "<p role=\"alert\"><a href=\"/builds\">{} with {}</a> {}</p>",
            escaped(&line.track),
            escaped(&line.kconfig),
            escaped(&line.standing().sentence())
        );
    }
    let counts = queue.counts()?;
    let count = |states: &[State]| -> i64 {
        counts.iter().filter(|count| states.contains(&count.state)).map(|count| count.count).sum()
    };
    let after = query.strip_prefix("after=").and_then(|after| after.parse().ok());
    let waiting = [State::Waiting];
    let waiting =
        (&waiting[..], Filter { after: Some(after.unwrap_or(0)), ..of(&waiting, Some(SHOWN)) });
    let over = [State::Done, State::Failed, State::Cancelled];
    for (title, (states, filter)) in [
        ("Running", (&[State::Running][..], of(&[State::Running], None))),
        ("Waiting", waiting),
        ("Over", (&over[..], of(&over, Some(SHOWN)))),
    ] {
        let count = count(states);
        let _ = write!(body, "<h2 id=\"{}\">{title} ({count})</h2>", title.to_ascii_lowercase());
        let mut jobs = queue.jobs(&filter)?;
        let last = jobs.last().map_or(0, |job| job.id);
        let is_more = jobs.len() as i64 == SHOWN && count > SHOWN;
        if title == "Over" {
            jobs.reverse();
        }
        table(&mut body, &jobs, &outlook.expected);
        if title == "Waiting" && (is_more || after.is_some()) {
            body.push_str("<p>");
            if after.is_some() {
                body.push_str("<a href=\"/jobs#waiting\">First</a> ");
            }
            if is_more {
                let _ = write!(body, "<a href=\"/jobs?after={last}#waiting\">Next</a>");
            }
            body.push_str("</p>");
        } else if title == "Over" && is_more {
            let _ = write!(body, "<p>The newest {SHOWN}; all: melbot queue list --all.</p>");
        }
    }
    Ok(Answer::page(page(desk, "Jobs", &body)))
}

fn table(body: &mut String, jobs: &[Job], expected: &Estimate) {
    if jobs.is_empty() {
        body.push_str("<p>None.</p>");
        return;
    }
    body.push_str(
        "<table><thead><tr><th>Job<th>State<th>Kind<th>Machine<th>What<th>Since<th>Expected<th></tr></thead>",
    );
    for job in jobs {
        let since = job.ended.or(job.started).unwrap_or(job.created);
        let expected = match (job.state, expected.jobs.get(&job.id)) {
            (State::Waiting, Some((start, _))) => {
                format!("from {}", time(*start))
            }
            (State::Running, Some((_, end))) => format!("until {}", time(*end)),
            _ => String::new(),
        };
        let remark = match job.state {
            State::Waiting if job.blocked == 1 => "for another job".to_owned(),
            State::Waiting if job.blocked > 1 => format!("for {} other jobs", job.blocked),
            State::Waiting if job.failures > 0 => format!("failed {} times", job.failures),
            State::Failed | State::Cancelled => job.outcome.clone().unwrap_or_default(),
            State::Running => job.owner.clone().unwrap_or_default(),
            State::Waiting | State::Done => String::new(),
        };
        let _ = write!(
            body,
            "<tr><td><a href=\"/jobs/{}\">{}</a><td class=\"{}\">{}<td>{}<td>{}<td>{}<td>{}<td>{expected}<td class=\"why\">{}</tr>",
            job.id,
            job.id,
            job.state,
            job.state,
            job.kind,
            escaped(job.machine.as_deref().unwrap_or_default()),
            escaped(&job.title),
            time(since),
            escaped(&remark)
        );
    }
    body.push_str("</table>");
}

/// Each track and configuration, and whether its newest kernel builds.
fn builds(desk: &Desk, queue: &Queue) -> Result<Answer, Failure> {
    let mut body = String::from(
        "<table><thead><tr><th>Tree<th>Track<th>Configuration<th>Newest kernel<th>Why</tr></thead>",
    );
    for line in &Outlook::of(desk, queue)?.lines {
        let (class, why) = match line.standing() {
            Standing::Builds => ("done", String::new()),
            Standing::Broken { newest, .. } => {
                let why = escaped(newest.broken.as_deref().unwrap_or_default());
                ("failed", format!("<a href=\"/jobs/{0}\">job {0}</a>: {why}", newest.job))
            }
        };
        let _ = write!(
            body,
            "<tr><td>{}<td>{}<td>{}<td class=\"{class}\">{} {}<td>{why}</tr>",
            escaped(&line.tree),
            escaped(&line.track),
            escaped(&line.kconfig),
            escaped(line.newest()),
            escaped(&line.standing().sentence())
        );
    }
    body.push_str("</table>");
    Ok(Answer::page(page(desk, "Builds", &body)))
}

fn one(desk: &Desk, queue: &Queue, id: i64) -> Result<Answer, Failure> {
    let job = queue.job(id)?;
    let mut body = String::from("<table>");
    let mut row = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = write!(body, "<tr><th>{}<td>{value}</tr>", escaped(name));
        }
    };
    row("What", &escaped(&job.title));
    row("Kind", job.kind.word());
    row("State", job.state.word());
    row("Machine", &escaped(job.machine.as_deref().unwrap_or_default()));
    row("Track", &escaped(&job.lane));
    row("Priority", &job.priority.to_string());
    for need in queue.needs(id)? {
        let other = queue.job(need.job)?;
        let link = format!("<a href=\"/jobs/{0}\">job {0}</a>", other.id);
        row("Needs", &format!("{link}, {}: {}", other.state, escaped(&other.title)));
    }
    for event in queue.history(id)? {
        row(&event.event, &format!("{} {}", time(event.at), escaped(&event.detail)));
    }
    row("Outcome", &escaped(job.outcome.as_deref().unwrap_or_default()));
    body.push_str("</table><p><a href=\"/jobs\">All jobs</a></p>");
    Ok(Answer::page(page(desk, &format!("Job {id}"), &body)))
}

fn time(milliseconds: i64) -> String {
    let text = utc_of(milliseconds);
    format!("<time datetime=\"{text}\">{}</time>", text.replace('T', " ").replace('Z', ""))
}

/// In place of a site that is not there yet.
pub fn no_site(desk: &Desk) -> Answer {
    let body = "<p>Nothing was measured yet. The site comes with the first run.</p>\
                <p><a href=\"/jobs\">What is being done</a></p>";
    Answer { status: 404, ..Answer::page(page(desk, "No site yet", body)) }
}

/// A page of ours, with links to the others.
pub fn page(desk: &Desk, title: &str, body: &str) -> String {
    let site = escaped(desk.settings.title.as_deref().unwrap_or("melbot"));
    format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <title>{0} – {site}</title><link rel=\"stylesheet\" href=\"/jobs/style.css\">\
         <nav><a href=\"/\">{site}</a> · <a href=\"/jobs\">Jobs</a> · <a href=\"/builds\">Builds</a> · \
         <a href=\"/missing\">Missing</a></nav>\
         <main><h1>{0}</h1>{body}</main></html>\n",
        escaped(title)
    )
}

const STYLE: &str = ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;\
    max-width:72rem;margin:0 auto;padding:1rem}table{border-collapse:collapse;display:block;\
    overflow-x:auto}th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;\
    border-bottom:1px solid #8884}td{overflow-wrap:anywhere}time{white-space:nowrap}\
    input,button{font:inherit;padding:.2rem .6rem;box-sizing:border-box}\
    input{width:min(34rem,100%);margin:0 .5rem .5rem 0}\
    input[type=checkbox]{width:auto;margin:0 .4rem 0 0}label{white-space:nowrap}\
    .why{min-width:12rem}[role=alert]{border-left:3px solid #c33;padding-left:.75rem}\
    .failed{color:#c33;font-weight:600}.running{font-weight:600}";

/// Text that is no markup.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
