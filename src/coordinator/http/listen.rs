//! Takes connections: not too many at once, none for too long.

use std::io;
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::answer::Answer;
use super::limits::Limits;
use super::request::read;
use super::route::answer;
use crate::coordinator::desk::Desk;
use crate::lab::LabError;

/// Connections at once; more of them are told to come back.
const CONNECTIONS: usize = 64;
/// A request is there within this time.
const REQUEST: Duration = Duration::from_secs(20);
/// Nobody takes longer over a piece of an answer.
const PIECE: Duration = Duration::from_secs(30);
/// An address that is in use is tried again.
const AGAIN: Duration = Duration::from_secs(30);

/// Serves until everything ends.
pub fn serve(desk: &Desk, tell: &(dyn Fn(&str) + Sync)) -> Result<(), LabError> {
    let Some(listener) = listen(desk, tell) else { return Ok(()) };
    let set = |result: io::Result<()>| {
        result.map_err(|error| LabError::new(error.to_string(), "see the limits of the system"))
    };
    // So that the end is noticed.
    set(listener.set_nonblocking(true))?;
    let (limits, open) = (Limits::default(), AtomicUsize::new(0));
    thread::scope(|scope| {
        while !desk.stops() {
            match listener.accept() {
                Ok((stream, peer)) => {
                    let (limits, open) = (&limits, &open);
                    let busy = open.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS;
                    let serve = move || {
                        // Who goes away in the middle is no fault.
                        let _ = connection(desk, stream, peer.ip(), limits, busy);
                        open.fetch_sub(1, Ordering::SeqCst);
                    };
                    if busy {
                        serve();
                    } else if thread::Builder::new().spawn_scoped(scope, serve).is_err() {
                        open.fetch_sub(1, Ordering::SeqCst);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    thread::sleep(Duration::from_millis(20));
                }
                // A connection that was reset, or too many open files: the next one may work.
                Err(_) => desk.pause(Duration::from_millis(200)),
            }
        }
    });
    Ok(())
}

/// `None` if everything ends before the address is free.
fn listen(desk: &Desk, tell: &(dyn Fn(&str) + Sync)) -> Option<TcpListener> {
    let address = desk.settings.http.listen.as_deref().unwrap_or_default();
    let mut told = false;
    while !desk.stops() {
        match TcpListener::bind(address) {
            Ok(listener) => {
                let real = listener.local_addr().map_or(address.to_owned(), |a| a.to_string());
                tell(&format!("http://{real}/ has the site, /jobs what is being done"));
                return Some(listener);
            }
            // Said once, however long it lasts.
            Err(error) if !std::mem::replace(&mut told, true) => {
                tell(&format!("{address}: {error}; tried again; see listen in [http]"));
            }
            Err(_) => {}
        }
        desk.pause(AGAIN);
    }
    None
}

fn connection(
    desk: &Desk,
    mut stream: TcpStream,
    peer: IpAddr,
    limits: &Limits,
    busy: bool,
) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.set_write_timeout(Some(PIECE))?;
    if busy {
        return Answer::refused(503, "too many connections")
            .with("Retry-After", "5")
            .send(&mut stream, false);
    }
    let now = Instant::now();
    let request = match read(&mut stream, now + REQUEST)? {
        Ok(Some(request)) => request,
        Ok(None) => return Ok(()),
        Err(refusal) => return Answer::from(refusal).send(&mut stream, false),
    };
    let peer = match peer {
        IpAddr::V6(address) => address.to_ipv4_mapped().map_or(peer, |a: Ipv4Addr| a.into()),
        peer => peer,
    };
    if !limits.allow(peer, now) {
        let answer = Answer::refused(429, "too many requests").with("Retry-After", "1");
        return answer.send(&mut stream, false);
    }
    let only_head = request.method == "HEAD";
    answer(desk, &request).send(&mut stream, only_head)
}
