//! The mirrors of trees for builders on other hosts, as git's own HTTP has it: with the commits that a search made.

use std::io::{self, Read as _, Write as _};
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::task::{Context, Poll};
use std::thread;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::Response;
use flate2::read::GzDecoder;
use futures_core::Stream;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::answer::Answer;
use super::request::Request;
use super::route::{Failure, allowed};
use super::tokens::Role;
use crate::coordinator::desk::Desk;
use crate::kernel::git::git_command;

/// What git asks with, unpacked, is no larger.
const LARGEST: u64 = 64 << 20;
/// A pack is sent in pieces of that size.
const PIECE: usize = 64 << 10;
/// So many of them may wait for a slow reader.
const WAITING: usize = 16;
const SERVICE: &str = "git-upload-pack";

/// Answers a request to `/git/NAME/info/refs` or `/git/NAME/git-upload-pack`.
pub fn answer(desk: &Desk, request: &Request, version: &str) -> Result<Response, Answer> {
    ask(desk, request, version).map_err(Answer::from)
}

fn ask(desk: &Desk, request: &Request, version: &str) -> Result<Response, Failure> {
    allowed(desk, request, Role::Build)?;
    let no_such = || Failure::Refused(404, "there is no such tree".to_owned());
    let path = request.path.strip_prefix("/git/").ok_or_else(no_such)?;
    let (name, what) = path.split_once('/').ok_or_else(no_such)?;
    let tree = desk.tree(name).map_err(|_| no_such())?;
    if !tree.folder.join("HEAD").is_file() {
        return Err(Failure::Refused(404, "the tree was not fetched yet".to_owned()));
    }
    let lists = what == "info/refs" && request.query == format!("service={SERVICE}");
    if !lists && (what != SERVICE || request.method != "POST") {
        return Err(no_such());
    }
    let mut command = git_command();
    // A word of git's protocol, not of a shell's.
    if version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"=:".contains(&byte)) {
        command.env("GIT_PROTOCOL", version);
    }
    command.args(["upload-pack", "--stateless-rpc", "--strict"]);
    if lists {
        command.arg("--advertise-refs");
    }
    command.arg(&tree.folder);
    let (greeting, kind) = match lists {
        true => (format!("001e# service={SERVICE}\n0000"), "advertisement"),
        false => (String::new(), "result"),
    };
    let asked = if lists { Vec::new() } else { unpacked(request)? };
    let pieces = run(command, asked, greeting.into_bytes())
        .map_err(|_| Failure::Refused(503, "git cannot be run".to_owned()))?;
    let response = Response::builder()
        .header(CONTENT_TYPE, format!("application/x-{SERVICE}-{kind}"))
        .header(CACHE_CONTROL, "no-cache")
        .body(Body::from_stream(pieces));
    response.map_err(|_| Failure::Refused(503, "git cannot be run".to_owned()))
}

/// git packs what it asks with where it is long.
fn unpacked(request: &Request) -> Result<Vec<u8>, Failure> {
    let mut asked = Vec::new();
    if !request.body.starts_with(&[0x1f, 0x8b]) {
        return Ok(request.body.clone());
    }
    let read = GzDecoder::new(request.body.as_slice()).take(LARGEST).read_to_end(&mut asked);
    read.map_err(|_| Failure::Refused(400, "the body is damaged".to_owned()))?;
    Ok(asked)
}

/// What a program prints, while it does.
struct Pieces(Receiver<io::Result<Bytes>>);

impl Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

fn run(mut command: Command, asked: Vec<u8>, greeting: Vec<u8>) -> io::Result<Pieces> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let stdin = child.stdin.take();
    let (sender, receiver) = channel(WAITING);
    thread::spawn(move || {
        // It may have heard enough.
        let _ = stdin.map(|mut stdin| stdin.write_all(&asked));
    });
    thread::spawn(move || {
        let _ = sender.blocking_send(Ok(greeting.into()));
        if !copied(&mut child, &sender) {
            let _ = child.kill();
        }
        let _ = child.wait();
    });
    Ok(Pieces(receiver))
}

/// `false` if the reader is gone.
fn copied(child: &mut Child, sender: &Sender<io::Result<Bytes>>) -> bool {
    let Some(mut stdout) = child.stdout.take() else { return true };
    let mut piece = vec![0; PIECE];
    loop {
        match stdout.read(&mut piece) {
            Ok(0) => return true,
            Ok(length) => {
                let part = piece.get(..length).unwrap_or_default();
                if sender.blocking_send(Ok(Bytes::copy_from_slice(part))).is_err() {
                    return false;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return sender.blocking_send(Err(error)).is_ok(),
        }
    }
}
