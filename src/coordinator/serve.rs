//! The coordinator at work: a thread for each of its trades.

use std::thread;
use std::time::Duration;

use super::desk::{Desk, only_one};
use super::watch::Watch;
use super::{analyst, bisect, builder, clients, http};
use crate::lab::LabError;

/// Between two looks at the clock.
const LOOK: Duration = Duration::from_secs(1);

/// Works until [`Desk::stop`], or until something fails that a person has to see to. What was begun is
/// gone on with at the next start.
pub fn run(desk: &Desk, tell: &(dyn Fn(&str) + Sync)) -> Result<(), LabError> {
    let _lock = only_one(&desk.state("coordinator.lock"), "coordinator")?;
    desk.queue()?.check_writable()?;
    let mut watch = Watch::open(desk)?;
    // One error ends everything, so that whoever started it sees to it.
    let ended = |trade: &str, result: Result<(), LabError>| {
        if result.is_err() {
            desk.stop();
        }
        result.map_err(|error| LabError { what: format!("{trade}: {}", error.what), ..error })
    };
    thread::scope(|scope| {
        let mut trades = Vec::new();
        for number in 1..=desk.settings.builders {
            let name = format!("builder {number}");
            trades.push(scope.spawn(move || ended("builder", builder::work(desk, &name, tell))));
        }
        trades.push(scope.spawn(move || ended("analyst", analyst::work(desk, tell))));
        trades.push(scope.spawn(move || ended("bisector", bisect::work(desk, tell))));
        for machine in desk.settings.local_clients() {
            trades.push(scope.spawn(move || ended("client", clients::keep(desk, &machine, tell))));
        }
        if desk.settings.http.listen.is_some() {
            trades.push(scope.spawn(move || ended("http", http::serve(desk, tell))));
        }
        let mut result = Ok(());
        while !desk.stops() {
            watch.look(tell);
            desk.pause(LOOK);
        }
        desk.stop();
        for trade in trades {
            let ended = trade.join().unwrap_or_else(|_| {
                Err(LabError::new(
                    "a thread of the coordinator broke",
                    "tell the authors of melbot",
                ))
            });
            result = result.and(ended);
        }
        result
    })
}
