//! What is missing: the page of it, with a button that queues it, and the same for programs.

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::json;

use super::answer::Answer;
use super::csrf;
use super::form::Fields;
use super::pages::{escaped, page};
use super::request::Request;
use super::route::{Failure, allowed};
use super::tokens::Role;
use crate::coordinator::desk::Desk;
use crate::coordinator::missing::{Missing, Why, fill};
use crate::coordinator::outlook::Outlook;
use crate::queue::{Job, Queue};

/// What the form is about.
const ABOUT: &str = "missing";

/// The page, or what its form asks for.
pub fn answer(desk: &Desk, request: &Request) -> Result<Answer, Failure> {
    match request.method.as_str() {
        "GET" | "HEAD" => desk.with_queue(|queue| list(desk, queue)),
        "POST" => {
            let fields = Fields::read(&request.body);
            if !csrf::is_ours(request, ABOUT, fields.get("form"), desk.clock.now()) {
                let what = "the form is too old, or was sent by another page: load it again";
                return Ok(refusal(desk, 403, what));
            }
            let with_token =
                Request { token: Some(fields.get("token").to_owned()), ..request.clone() };
            if let Err(failure) = allowed(desk, &with_token, Role::Submit) {
                let Failure::Refused(status, why) = failure else { return Err(failure) };
                return Ok(refusal(desk, if status == 401 { 403 } else { status }, &why));
            }
            let ids: Vec<&str> = fields.all("run").collect();
            if ids.is_empty() {
                return Ok(refusal(desk, 400, "nothing is marked"));
            }
            desk.with_queue(|queue| queued(desk, queue, &ids))?;
            Ok(Answer::text(303, "text/plain; charset=utf-8", "").with("Location", "/jobs"))
        }
        _ => Err(Failure::Method("GET, HEAD, POST")),
    }
}

fn refusal(desk: &Desk, status: u16, why: &str) -> Answer {
    let body = format!(
        "<p role=\"alert\">Nothing was queued: {}.</p><p><a href=\"/missing\">Back</a></p>",
        escaped(why)
    );
    Answer { status, ..Answer::page(page(desk, "Missing", &body)) }
}

fn list(desk: &Desk, queue: &Queue) -> Result<Answer, Failure> {
    let outlook = Outlook::of(desk, queue)?;
    let overview = &outlook.missing;
    let mut body = match overview.sentence() {
        Some(sentence) => format!("<p>{}.</p>", escaped(&sentence)),
        None => "<p>Nothing that is due is missing.</p>".to_owned(),
    };
    for unknown in &overview.unknown {
        let _ = write!(body, "<p role=\"alert\">Not known: {}.</p>", escaped(unknown));
    }
    if !overview.missing.is_empty() {
        table(desk, &mut body, &overview.missing)?;
    }
    Ok(Answer::page(page(desk, "Missing", &body)))
}

fn table(desk: &Desk, body: &mut String, missing: &[Missing]) -> Result<(), Failure> {
    let form = csrf::token(ABOUT, desk.clock.now())
        .map_err(|_| Failure::Refused(503, "there is no randomness".to_owned()))?;
    let _ = write!(
        body,
        "<form method=\"post\"><input type=\"hidden\" name=\"form\" value=\"{form}\">\
         <table><thead><tr><th>Kernel<th>Machine<th>Config<th>Why<th>Job</tr></thead>"
    );
    for run in missing {
        let job = run.job.map_or(String::new(), |job| format!("<a href=\"/jobs/{job}\">{job}</a>"));
        let marked = match run.why {
            Why::NeverQueued | Why::Failed | Why::Gone => " checked",
            Why::NotDue | Why::DoesNotBuild | Why::Cancelled => "",
        };
        let _ = write!(
            body,
            "<tr><td><label><input type=\"checkbox\" name=\"run\" value=\"{}\"{marked}>{}</label>\
             <td>{}<td>{}<td class=\"why\">{}<td>{job}</tr>",
            run.id,
            escaped(&run.kernel),
            escaped(&run.machine),
            escaped(&run.config),
            escaped(&run.sentence())
        );
    }
    body.push_str(
        "</table><p><label for=\"token\">Token, of role submit</label><br>\
         <input id=\"token\" name=\"token\" type=\"password\" required autocomplete=\"current-password\">\
         <button>Queue what is marked</button></p></form>",
    );
    Ok(())
}

/// Everything that is missing, for programs.
pub fn told(desk: &Desk, queue: &Queue) -> Result<Answer, Failure> {
    Ok(Answer::json(200, &json!(Outlook::of(desk, queue)?.missing)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    runs: Vec<String>,
}

/// Queues what the body names.
pub fn chosen(desk: &Desk, queue: &mut Queue, request: &Request) -> Result<Answer, Failure> {
    let chosen: Chosen = serde_json::from_slice(&request.body)
        .map_err(|error| Failure::Refused(400, error.to_string()))?;
    let ids: Vec<&str> = chosen.runs.iter().map(String::as_str).collect();
    let jobs = queued(desk, queue, &ids)?;
    let jobs: Vec<_> = jobs
        .iter()
        .map(|job| json!({ "id": job.id, "machine": job.machine, "title": job.title }))
        .collect();
    Ok(Answer::json(200, &json!({ "jobs": jobs })))
}

fn queued(desk: &Desk, queue: &mut Queue, ids: &[&str]) -> Result<Vec<Job>, Failure> {
    let outlook = Outlook::of(desk, queue)?;
    let find = |id: &&str| {
        let found = outlook.missing.missing.iter().find(|run| run.id == **id);
        found.ok_or_else(|| Failure::Refused(409, format!("{id:.40?} is not missing; look again")))
    };
    let chosen: Vec<&Missing> = ids.iter().map(find).collect::<Result<_, _>>()?;
    Ok(fill(desk, queue, &chosen)?)
}
