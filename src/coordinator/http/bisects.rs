//! Searches over HTTP: the API, and the page on which somebody says that an alert shall be bisected.

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Answer;
use super::csrf;
use super::form::Fields;
use super::pages::{escaped, page};
use super::request::Request;
use super::route::{Failure, allowed};
use super::tokens::Role;
use crate::bisect::{self as search, Account, Session};
use crate::coordinator::bisect::{self, Assignment, By, Seen};
use crate::coordinator::desk::Desk;
use crate::lab::plain_name;

/// What is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    alert: String,
    #[serde(default)]
    layout: bool,
}

/// All searches of the lab.
pub fn list(desk: &Desk) -> Answer {
    let all: Vec<Value> = bisect::readable(desk)
        .into_iter()
        .filter_map(|(folder, assignment)| {
            let id = folder.file_name()?.to_str()?.to_owned();
            Some(told(desk, &id, &assignment))
        })
        .collect();
    Answer::json(200, &json!({ "bisects": all }))
}

/// Begins a search; the body names the alert.
pub fn begin(desk: &Desk, request: &Request) -> Result<Answer, Failure> {
    let wanted: Wanted = serde_json::from_slice(&request.body)
        .map_err(|error| Failure::Refused(400, error.to_string()))?;
    let (assignment, fresh) = begun(desk, &wanted.alert, wanted.layout)?;
    let told = told(desk, &wanted.alert, &assignment);
    Ok(Answer::json(if fresh { 201 } else { 200 }, &json!({ "bisect": told })))
}

fn begun(desk: &Desk, id: &str, layout: bool) -> Result<(Assignment, bool), Failure> {
    let alert = alert(desk, id)?;
    let (folder, fresh) = bisect::begin(desk, &alert, By::Hand, layout)?;
    let assignment = Assignment::read(&folder)?;
    let gone = || Failure::Refused(409, "the search is gone".to_owned());
    Ok((assignment.ok_or_else(gone)?, fresh))
}

fn alert(desk: &Desk, id: &str) -> Result<Seen, Failure> {
    let no_such = || Failure::Refused(404, format!("there is no alert {id:.40?}"));
    if !plain_name(id) {
        return Err(no_such());
    }
    // Why they cannot be told may hold paths of this machine, and the page wants no token.
    let alerts = bisect::alerts(desk).unwrap_or_default();
    alerts.into_iter().find(|alert| alert.id == id).ok_or_else(no_such)
}

fn told(desk: &Desk, id: &str, assignment: &Assignment) -> Value {
    let folder = desk.results().join(search::FOLDER).join(id);
    let account = Session::open(&folder).ok().map(|session| Account::of(&session));
    json!({
        "alert": id,
        "machine": assignment.machine(),
        "by": assignment.by,
        "began": assignment.began,
        "stage": assignment.stage,
        "why": assignment.why,
        "state": account.as_ref().map(|account| account.state),
        "verdict": account.as_ref().map(Account::verdict),
        "commits": account.as_ref().map(|account| account.commits),
        "measurements": account.as_ref().map(|account| account.measurements),
        "hours": account.as_ref().map(|account| account.hours),
        "culprit": account.as_ref().and_then(Account::culprit).map(|culprit| &culprit.commit),
    })
}

/// The page of an alert's search, or the one on which it begins.
pub fn form(desk: &Desk, request: &Request, id: &str) -> Result<Answer, Failure> {
    match request.method.as_str() {
        "GET" | "HEAD" => ask(desk, id),
        "POST" => {
            let fields = Fields::read(&request.body);
            let now = desk.clock.now();
            if !csrf::is_ours(request, &format!("bisect {id}"), fields.get("form"), now) {
                let what = "the form is too old, or was sent by another page: load it again";
                return refusal(desk, id, 403, what);
            }
            let with_token =
                Request { token: Some(fields.get("token").to_owned()), ..request.clone() };
            if let Err(failure) = allowed(desk, &with_token, Role::Submit) {
                let Failure::Refused(status, why) = failure else { return Err(failure) };
                // The browser's own question for a token would be of no use here.
                return refusal(desk, id, if status == 401 { 403 } else { status }, &why);
            }
            begun(desk, id, false)?;
            let to = format!("/alert/{id}/bisect");
            Ok(Answer::text(303, "text/plain; charset=utf-8", "").with("Location", to))
        }
        _ => Err(Failure::Method("GET, HEAD, POST")),
    }
}

fn refusal(desk: &Desk, id: &str, status: u16, why: &str) -> Result<Answer, Failure> {
    if !plain_name(id) {
        return Err(Failure::Refused(404, "there is no such page".to_owned()));
    }
    let body = format!(
        "<p role=\"alert\">Not begun: {}.</p><p><a href=\"/alert/{id}/bisect\">Back</a></p>",
        escaped(why)
    );
    Ok(Answer { status, ..Answer::page(page(desk, "Bisect", &body)) })
}

fn ask(desk: &Desk, id: &str) -> Result<Answer, Failure> {
    let folder = desk.results().join(search::FOLDER).join(id);
    if plain_name(id)
        && let Some(assignment) = Assignment::read(&folder)?
    {
        return Ok(Answer::page(page(desk, "Bisect", &progress(desk, id, &assignment))));
    }
    let alert = alert(desk, id)?;
    let mut body = format!("<p>{}</p>", escaped(&alert.title));
    match bisect::estimate(desk, &alert) {
        Err(error) => {
            let _ = write!(
                body,
                "<p role=\"alert\">It cannot be bisected here: {}.</p>",
                escaped(&error.to_string())
            );
        }
        Ok(estimate) => {
            let about = format!("bisect {id}");
            let form = csrf::token(&about, desk.clock.now())
                .map_err(|_| Failure::Refused(503, "there is no randomness".to_owned()))?;
            let hours = match estimate.hours {
                hours if hours < 1.0 => format!("{:.0} minutes", (60.0 * hours).ceil()),
                hours => format!("{hours:.1} hours"),
            };
            let _ = write!(
                body,
                "<p>Between {} and {} lie {} commits. To find the one that did it takes some {} \
                 measurements, each in a fresh boot of {}: <strong>about {hours}</strong>, in which the \
                 machine does nothing else.</p>\
                 <form method=\"post\"><input type=\"hidden\" name=\"form\" value=\"{form}\">\
                 <p><label for=\"token\">Token, of role submit</label><br>\
                 <input id=\"token\" name=\"token\" type=\"password\" required autocomplete=\"current-password\">\
                 <button>Bisect</button></p></form>",
                escaped(&alert.window.last_good),
                escaped(&alert.window.first_bad),
                estimate.commits,
                estimate.measurements,
                escaped(&alert.machine),
            );
        }
    }
    let _ = write!(body, "<p><a href=\"/alert/{id}.html\">The alert</a></p>");
    Ok(Answer::page(page(desk, "Bisect", &body)))
}

fn progress(desk: &Desk, id: &str, assignment: &Assignment) -> String {
    let folder = desk.results().join(search::FOLDER).join(id);
    let mut body = format!(
        "<p>The search on {} is <strong>{}</strong>.</p>",
        escaped(assignment.machine()),
        assignment.stage.word()
    );
    if let Some(why) = &assignment.why {
        let _ = write!(body, "<p role=\"alert\">{}.</p>", escaped(why));
    }
    if let Ok(session) = Session::open(&folder) {
        let account = Account::of(&session);
        let _ = write!(
            body,
            "<p>{} measurements of {} commits{}; {}.</p>",
            account.measurements,
            account.commits,
            account.spent().map_or(String::new(), |spent| format!(" in {spent}")),
            escaped(&account.verdict())
        );
        if let Some(culprit) = account.culprit() {
            let _ = write!(
                body,
                "<p><code>{:.12}</code> {}</p>",
                culprit.commit,
                escaped(&culprit.subject)
            );
        }
    }
    let _ = write!(
        body,
        "<p><a href=\"/alert/{id}.html\">The alert</a> · \
         <a href=\"/bisect/{id}.html\">All about the search</a>, as of the last analysis · \
         <a href=\"/jobs\">Jobs</a></p>"
    );
    body
}

/// Where a page of the site may have a button, and for which alert.
const MARK: (&str, &str) = ("<!-- coordinator: bisect ", " -->");

/// The page of an alert, with a button where it can be bisected here.
pub fn with_button(page: String) -> String {
    let Some((before, rest)) = page.split_once(MARK.0) else { return page };
    let Some((id, after)) = rest.split_once(MARK.1).filter(|(id, _)| plain_name(id)) else {
        return page;
    };
    format!(
        "{before}<p><a class=\"button\" href=\"/alert/{id}/bisect\">Bisect it on this lab</a></p>{after}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_alert_that_can_be_bisected_gets_a_button() {
        let page = |mark: &str| format!("<main>{mark}</main>");
        let with = with_button(page("<!-- coordinator: bisect k3v9x2ma -->"));
        assert!(with.contains("href=\"/alert/k3v9x2ma/bisect\""), "{with}");
        for other in ["", "<!-- coordinator: bisect \"> -->", "<!-- coordinator: bisect x"] {
            assert_eq!(with_button(page(other)), page(other));
        }
    }
}
