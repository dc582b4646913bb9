//! What is done when a search came to its end: the alert is explained, the site made anew, and people told.
//! All of it can be done again, and is then done once.

use super::assignment::Assignment;
use super::unusable;
use crate::bisect::{Account, Alerted, Session, explain, mail, maintainers};
use crate::coordinator::desk::Desk;
use crate::coordinator::notify;
use crate::coordinator::orders::json;
use crate::coordinator::tasks::AnalyseTask;
use crate::lab::LabError;
use crate::queue::{Kind, NewJob, Queue};

/// Says what came of a search; `why` it stopped, if it did.
pub fn tell(
    desk: &Desk,
    queue: &mut Queue,
    session: &Session,
    (assignment, why): (&Assignment, Option<&str>),
    tell: &dyn Fn(&str),
) -> Result<(), LabError> {
    let Some(alert) = &session.subject.alert else { return Ok(()) };
    let account = Account::of(session);
    let what = format!("{} {} on {}", alert.benchmark, alert.operation, alert.machine);
    if let Some(why) = why {
        tell(&format!("bisect {}: stopped: {why}", alert.id));
        let name = format!("bisect {} stopped {}", alert.id, assignment.resumed);
        let subject = format!("the bisection of {what} stopped");
        return notify::tell(desk, &name, &subject, stopped(alert, why));
    }
    explain(session).map_err(unusable)?;
    publish(queue, assignment, alert, account.measurements)?;
    let (subject, body) = match letter(desk, session, assignment, &account) {
        Some(letter) => letter,
        None => {
            let subject = format!("the bisection of {what} found no single commit");
            (subject, format!("{}.\n\n{}", account.verdict(), likeliest(&account)))
        }
    };
    let told = account.culprit().map_or_else(
        || account.verdict(),
        |culprit| format!("{:.12} ({})", culprit.commit, culprit.subject),
    );
    tell(&format!("bisect {}: over: {told}", alert.id));
    let body = match &desk.settings.url {
        Some(url) => format!("{body}\n{}\n", url.of(&format!("bisect/{}.html", alert.id))),
        None => body,
    };
    notify::tell(desk, &format!("bisect {}", alert.id), &subject, body)
}

/// Subject and text of the mail about the commit that was found.
fn letter(
    desk: &Desk,
    session: &Session,
    assignment: &Assignment,
    account: &Account,
) -> Option<(String, String)> {
    let culprit = account.culprit()?;
    // The mirror is bare; what builds were made from is not.
    let source = desk.state("builds").join(&assignment.kconfig).join("source");
    let others = maintainers(&source, &culprit.commit);
    let text = mail(account, &others)?;
    let (subject, rest) = text.split_once('\n')?;
    let subject = subject.strip_prefix("Subject: ")?.to_owned();
    let verdict = format!("{}; {:.1} hours.\n", account.verdict(), session.hours());
    Some((subject, format!("{rest}\n{verdict}")))
}

fn likeliest(account: &Account) -> String {
    let line = |candidate: &crate::bisect::Candidate| {
        let percent = 100.0 * candidate.probability;
        format!("  {percent:5.1} %  {:.12}  {:.60}\n", candidate.commit, candidate.subject)
    };
    account.likeliest.iter().map(line).collect()
}

fn stopped(alert: &Alerted, why: &str) -> String {
    format!(
        "{why}\n\nWhen that is seen to, go on, in the folder of the results, with\n\n  \
         melbot bisect resume {}/{}\n",
        crate::bisect::FOLDER,
        alert.id
    )
}

/// The site shows how far it is.
pub fn publish(
    queue: &mut Queue,
    assignment: &Assignment,
    alert: &Alerted,
    measurements: usize,
) -> Result<(), LabError> {
    let task = AnalyseTask {
        machine: alert.machine.clone(),
        kernel: alert.first_bad.clone(),
        tell: false,
    };
    let job = NewJob {
        key: format!("publish bisect {} {measurements}", alert.id),
        kind: Kind::Analyse,
        title: format!("bisect {}", alert.id),
        machine: None,
        lane: format!("bisect {}", alert.id),
        priority: assignment.priority,
        task: json(&task),
        attempts: 2,
        needs: Vec::new(),
    };
    queue.submit(&[(job, Vec::new())]).map(drop).map_err(LabError::from)
}
