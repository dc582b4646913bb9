//! Figures for Prometheus.

use super::answer::Answer;
use super::route::Failure;
use crate::coordinator::bisect::{Stage, readable};
use crate::coordinator::desk::Desk;
use crate::coordinator::missing::Why;
use crate::coordinator::outlook::Outlook;
use crate::queue::{Kind, Queue, State};

/// All of them.
pub fn answer(desk: &Desk) -> Result<Answer, Failure> {
    desk.with_queue(|queue| figures(desk, queue))
}

fn figures(desk: &Desk, queue: &Queue) -> Result<Answer, Failure> {
    let counts = queue.counts()?;
    let mut text = String::from(
        "# HELP melbot_jobs Jobs of the queue by kind and state.\n# TYPE melbot_jobs gauge\n",
    );
    for kind in Kind::ALL {
        for state in State::ALL {
            let count = counts.iter().find(|count| count.kind == kind && count.state == state);
            let count = count.map_or(0, |count| count.count);
            text += &format!("melbot_jobs{{kind=\"{kind}\",state=\"{state}\"}} {count}\n");
        }
    }
    let age = queue.oldest_ready()?.map_or(0, |since| (desk.clock.now() - since).max(0) / 1000);
    text += "# HELP melbot_oldest_waiting_seconds Age of the oldest job that could be taken.\n\
             # TYPE melbot_oldest_waiting_seconds gauge\n";
    text += &format!("melbot_oldest_waiting_seconds {age}\n");
    text += "# HELP melbot_bisects Searches for the commits of alerts, by how far they are.\n\
             # TYPE melbot_bisects gauge\n";
    let searches = readable(desk);
    for stage in Stage::ALL {
        let count = searches.iter().filter(|(_, search)| search.stage == stage).count();
        text += &format!("melbot_bisects{{stage=\"{}\"}} {count}\n", stage.word());
    }
    text += "# HELP melbot_missing_runs Runs that policies want and that no job is going to measure, by reason.\n\
             # TYPE melbot_missing_runs gauge\n";
    let outlook = Outlook::of(desk, queue)?;
    for why in Why::ALL {
        let count = outlook.missing.missing.iter().filter(|run| run.why == why).count();
        text += &format!("melbot_missing_runs{{why=\"{}\"}} {count}\n", why.words());
    }
    text += "# HELP melbot_paused Pauses of the queue.\n# TYPE melbot_paused gauge\n";
    text += &format!("melbot_paused {}\n", queue.paused()?.len());
    Ok(Answer::text(200, "text/plain; version=0.0.4; charset=utf-8", text))
}
