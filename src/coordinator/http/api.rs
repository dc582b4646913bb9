//! The API: looking at jobs, adding them, calling them off.

use serde::Serialize;
use serde_json::json;

use super::answer::Answer;
use super::request::Request;
use super::route::{Failure, allowed};
use super::tokens::Role;
use super::{bisects, builds, missing};
use crate::client::JobFile;
use crate::coordinator::desk::Desk;
use crate::coordinator::hand::{Added, add, leads_out};
use crate::coordinator::outlook::Outlook;
use crate::lab::Inventory;
use crate::queue::{Filter, Job, Kind, Queue, Scope, State};

/// What it can do, for programs.
const OPENAPI: &str = include_str!("openapi.json");
/// No more jobs are listed.
const MOST: i64 = 1000;

/// Answers a request to `/api`.
pub fn answer(desk: &Desk, request: &Request) -> Result<Answer, Failure> {
    let parts: Vec<&str> = request.path.split('/').skip(2).collect();
    let method = match request.method.as_str() {
        "HEAD" => "GET",
        method => method,
    };
    // Nothing is told to those who have no token, not even what there is.
    if (method, parts.as_slice()) == ("GET", &["openapi.json"]) {
        return Ok(Answer::text(200, "application/json", OPENAPI));
    }
    let role = match (method, parts.as_slice()) {
        ("GET", _) => Role::Read,
        (_, ["queue", ..]) => Role::Admin,
        (_, ["builds", ..]) => Role::Build,
        _ => Role::Submit,
    };
    allowed(desk, request, role)?;
    desk.with_queue(|queue| known(desk, queue, request, (method, &parts)))
}

fn known(
    desk: &Desk,
    queue: &mut Queue,
    request: &Request,
    (method, parts): (&str, &[&str]),
) -> Result<Answer, Failure> {
    match (method, parts) {
        ("GET", ["jobs"]) => {
            let jobs = queue.jobs(&filter(request)?)?;
            Ok(Answer::json(200, &Jobs { jobs }))
        }
        ("GET", ["jobs", id]) => one(queue, number(id)?),
        ("POST", ["jobs"]) => submit(desk, queue, request),
        ("GET", ["bisect"]) => Ok(bisects::list(desk)),
        ("POST", ["bisect"]) => bisects::begin(desk, request),
        ("POST", ["jobs", id, "cancel"]) => {
            queue.cancel(number(id)?, "somebody cancelled it")?;
            one(queue, number(id)?)
        }
        ("POST", ["jobs", id, "retry"]) => {
            queue.retry(number(id)?)?;
            one(queue, number(id)?)
        }
        ("POST", ["builds", "take"]) => builds::take(desk, queue, request),
        ("POST", ["builds", id, "renew"]) => builds::renew(queue, number(id)?, request),
        ("POST", ["builds", id, what @ ("package" | "log")]) => {
            builds::piece(desk, queue, (number(id)?, what), request)
        }
        ("POST", ["builds", id, "finish"]) => builds::finish(desk, queue, number(id)?, request),
        ("GET", ["missing"]) => missing::told(desk, queue),
        ("POST", ["missing"]) => missing::chosen(desk, queue, request),
        ("GET", ["queue"]) => {
            let outlook = Outlook::of(desk, queue)?;
            let expected = &outlook.expected;
            let paused: Vec<String> = queue.paused()?.iter().map(Scope::to_string).collect();
            let answer = json!({
                "counts": queue.counts()?, "paused": paused, "caught_up": expected.caught_up,
                "until": expected.until, "unknown": expected.unknown, "held": expected.held,
            });
            Ok(Answer::json(200, &answer))
        }
        ("POST", ["queue", "pause"]) => {
            queue.pause(&scope(request)?)?;
            paused(queue)
        }
        ("POST", ["queue", "resume"]) => {
            queue.resume(&scope(request)?)?;
            paused(queue)
        }
        (_, ["jobs" | "bisect" | "missing"]) => Err(Failure::Method("GET, HEAD, POST")),
        (_, ["openapi.json" | "queue"] | ["jobs", _]) => Err(Failure::Method("GET, HEAD")),
        (
            _,
            ["jobs", _, "cancel" | "retry"]
            | ["queue", "pause" | "resume"]
            | ["builds", "take"]
            | ["builds", _, "renew" | "package" | "log" | "finish"],
        ) => Err(Failure::Method("POST")),
        _ => Err(Failure::Refused(404, "there is no such thing; see /api/openapi.json".to_owned())),
    }
}

/// A thousand of them are written as they are: as a [`serde_json::Value`] they would take twice as long.
#[derive(Serialize)]
struct Jobs {
    jobs: Vec<Job>,
}

fn one(queue: &Queue, id: i64) -> Result<Answer, Failure> {
    let job = queue.job(id)?;
    let (needs, history) = (queue.needs(id)?, queue.history(id)?);
    Ok(Answer::json(200, &json!({ "job": job, "needs": needs, "history": history })))
}

fn paused(queue: &Queue) -> Result<Answer, Failure> {
    let paused: Vec<String> = queue.paused()?.iter().map(Scope::to_string).collect();
    Ok(Answer::json(200, &json!({ "paused": paused })))
}

fn number(text: &str) -> Result<i64, Failure> {
    let what = || Failure::Refused(404, format!("{text:.40?} is no number of a job"));
    text.parse().map_err(|_| what())
}

/// A job in TOML, or the same as JSON.
fn submit(desk: &Desk, queue: &mut Queue, request: &Request) -> Result<Answer, Failure> {
    let refused = |what: &str| Failure::Refused(400, what.to_owned());
    let text = std::str::from_utf8(&request.body).map_err(|_| refused("the body is no UTF-8"))?;
    let text = if request.content_type.starts_with("application/json") {
        let file: JobFile =
            serde_json::from_str(text).map_err(|error| refused(&error.to_string()))?;
        toml::to_string(&file).map_err(|error| refused(&error.to_string()))?
    } else {
        text.to_owned()
    };
    if let Ok(file) = toml::from_str::<JobFile>(&text)
        && let Some(path) = leads_out(&file)
    {
        let what = format!("{}: only what is in the folder of the lab", path.display());
        return Err(refused(&what));
    }
    let mut added = Added { text: &text, place: "job", priority: 0, again: None };
    for (name, value) in parameters(request) {
        match name {
            "priority" => {
                added.priority = value.parse().map_err(|_| refused("priority is a number"))?;
            }
            "again" => added.again = Some(desk.clock.now()),
            _ => return Err(refused("there are priority and again")),
        }
    }
    let jobs = add(queue, &Inventory::read(&desk.lab)?, &added)?;
    let fresh = jobs.iter().any(|(_, submitted)| submitted.fresh);
    let jobs: Vec<_> = jobs
        .iter()
        .map(|(job, submitted)| {
            json!({
                "id": submitted.id, "fresh": submitted.fresh,
                "machine": job.machine, "title": job.title,
            })
        })
        .collect();
    Ok(Answer::json(if fresh { 201 } else { 200 }, &json!({ "jobs": jobs })))
}

fn filter(request: &Request) -> Result<Filter, Failure> {
    let refused = |what: &str| Failure::Refused(400, what.to_owned());
    let mut filter = Filter { limit: Some(MOST), ..Filter::default() };
    for (name, value) in parameters(request) {
        match name {
            "state" => {
                let state = State::from_word(value).ok_or_else(|| refused("no such state"))?;
                filter.states.push(state);
            }
            "kind" => {
                filter.kind = Some(Kind::from_word(value).ok_or_else(|| refused("no such kind"))?);
            }
            "machine" => filter.machine = Some(value.to_owned()),
            _ => return Err(refused("there are state, kind and machine")),
        }
    }
    Ok(filter)
}

fn scope(request: &Request) -> Result<Scope, Failure> {
    let mut scope = Scope::All;
    for (name, value) in parameters(request) {
        scope = match (name, Kind::from_word(value)) {
            ("machine", _) if crate::lab::plain_name(value) => Scope::Machine(value.to_owned()),
            ("kind", Some(kind)) => Scope::Kind(kind),
            _ => return Err(Failure::Refused(400, "there are machine and kind".to_owned())),
        };
    }
    Ok(scope)
}

/// Names and values of the query. They are plain words, so that nothing is decoded.
fn parameters(request: &Request) -> impl Iterator<Item = (&str, &str)> {
    let pairs = request.query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}
