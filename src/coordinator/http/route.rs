//! Which request is answered by whom.

use super::answer::Answer;
use super::request::Request;
use super::tokens::{self, Role, Tokens};
use super::{api, bisects, metrics, missing, pages};
use crate::coordinator::desk::Desk;
use crate::lab::LabError;
use crate::queue::QueueError;

/// Why there is no answer.
pub enum Failure {
    /// The request.
    Refused(u16, String),
    /// Another method than these.
    Method(&'static str),
    /// The queue.
    Queue(QueueError),
}

impl From<QueueError> for Failure {
    fn from(error: QueueError) -> Failure {
        Failure::Queue(error)
    }
}

impl From<LabError> for Failure {
    fn from(error: LabError) -> Failure {
        Failure::Refused(400, error.to_string())
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Answer {
        match failure {
            Failure::Refused(401, why) => {
                Answer::refused(401, &why).with("WWW-Authenticate", "Bearer")
            }
            Failure::Method(allowed) => {
                Answer::refused(405, "not in this way").with("Allow", allowed)
            }
            Failure::Refused(status, why) => Answer::refused(status, &why),
            Failure::Queue(error @ QueueError::NoJob(_)) => {
                Answer::refused(404, &error.to_string())
            }
            Failure::Queue(error @ (QueueError::Refused { .. } | QueueError::Lost { .. })) => {
                Answer::refused(409, &error.to_string())
            }
            // What the database says may hold paths of this machine.
            Failure::Queue(_) => Answer::refused(503, "the queue cannot be used right now"),
        }
    }
}

/// The answer to a request.
pub fn answer(desk: &Desk, request: &Request) -> Answer {
    let looks = matches!(request.method.as_str(), "GET" | "HEAD");
    let path = request.path.as_str();
    if path == "/api" || path.starts_with("/api/") {
        return api::answer(desk, request).unwrap_or_else(Answer::from);
    }
    if let Some(id) = path.strip_prefix("/alert/").and_then(|path| path.strip_suffix("/bisect")) {
        return bisects::form(desk, request, id).unwrap_or_else(Answer::from);
    }
    if path == "/missing" {
        return missing::answer(desk, request).unwrap_or_else(Answer::from);
    }
    if !looks {
        return Failure::Method("GET, HEAD").into();
    }
    let answered = match path {
        "/health" => health(desk),
        "/metrics" => metrics::answer(desk),
        _ => pages::answer(desk, request),
    };
    answered.unwrap_or_else(Answer::from)
}

fn health(desk: &Desk) -> Result<Answer, Failure> {
    desk.with_queue(|queue| queue.counts())?;
    Ok(Answer::text(200, "text/plain; charset=utf-8", "ok\n"))
}

/// An error unless this token allows to look.
pub fn may_read(desk: &Desk, token: Option<String>) -> Result<(), Answer> {
    allowed(desk, &Request { token, ..Request::default() }, Role::Read).map_err(Answer::from)
}

/// Whose token it is, if it is one.
pub fn holder(desk: &Desk, token: &str) -> Option<String> {
    let tokens = Tokens::read(&desk.state(tokens::FILE)).ok()?;
    tokens.find(token).map(|token| token.name.clone())
}

/// An error unless the request has a token of this role.
pub fn allowed(desk: &Desk, request: &Request, role: Role) -> Result<(), Failure> {
    let Some(token) = &request.token else {
        let what = "this needs a token: Authorization: Bearer TOKEN; see melbot token add";
        return Err(Failure::Refused(401, what.to_owned()));
    };
    // Read each time: a token that was taken away is of no use any more.
    let tokens = Tokens::read(&desk.state(tokens::FILE))
        .map_err(|_| Failure::Refused(503, "tokens cannot be read".to_owned()))?;
    match tokens.find(token) {
        None => Err(Failure::Refused(401, "there is no such token".to_owned())),
        Some(found) if found.role < role => {
            Err(Failure::Refused(403, "the token does not allow that".to_owned()))
        }
        Some(_) => Ok(()),
    }
}
