//! Reading a request, with limits on its size and on the time it may take.

use std::io::{self, Read};
use std::time::Instant;

/// No head is larger.
const LARGEST_HEAD: usize = 16 << 10;
/// No body is larger.
pub const LARGEST_BODY: usize = 1 << 20;
const MOST_HEADERS: usize = 64;

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`
    pub method: String,
    /// Without the query, decoded.
    pub path: String,
    /// What follows the question mark.
    pub query: String,
    /// The token of `Authorization: Bearer`.
    pub token: Option<String>,
    /// Kind of the body.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Why a request cannot be answered: a status and a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal(pub u16, pub &'static str);

/// Reads a request. `Ok(None)` if nothing came. Each read of `from` has to end by itself; all of them end
/// at `deadline`.
pub fn read(
    from: &mut impl Read,
    deadline: Instant,
) -> io::Result<Result<Option<Request>, Refusal>> {
    let mut bytes = Vec::new();
    let (mut request, length, head) = loop {
        if bytes.len() > LARGEST_HEAD {
            return Ok(Err(Refusal(431, "the head of the request is too large")));
        }
        if !more(from, &mut bytes, deadline)? {
            return Ok(match bytes.is_empty() {
                true => Ok(None),
                false => Err(Refusal(400, "the request ends in its head")),
            });
        }
        match parse(&bytes) {
            Ok(Some(parsed)) => break parsed,
            Ok(None) => {}
            Err(refusal) => return Ok(Err(refusal)),
        }
    };
    if length > LARGEST_BODY {
        return Ok(Err(Refusal(413, "the body is larger than 1 MiB")));
    }
    while bytes.len() < head + length {
        if !more(from, &mut bytes, deadline)? {
            return Ok(Err(Refusal(400, "the request ends in its body")));
        }
    }
    request.body = bytes.get(head..head + length).unwrap_or_default().to_vec();
    Ok(Ok(Some(request)))
}

fn more(from: &mut impl Read, bytes: &mut Vec<u8>, deadline: Instant) -> io::Result<bool> {
    if Instant::now() > deadline {
        return Err(io::ErrorKind::TimedOut.into());
    }
    let mut buffer = [0; 4096];
    let count = from.read(&mut buffer)?;
    bytes.extend_from_slice(buffer.get(..count).unwrap_or_default());
    Ok(count > 0)
}

/// Request, length of its body and of its head; `None` if more has to come.
fn parse(bytes: &[u8]) -> Result<Option<(Request, usize, usize)>, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let head = match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(head)) => head,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Refusal(431, "too many headers")),
        Err(_) => return Err(Refusal(400, "that is not HTTP")),
    };
    let target = parsed.path.unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = decoded(path).ok_or(Refusal(400, "the path cannot be read"))?;
    let mut request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        path,
        query: query.to_owned(),
        ..Request::default()
    };
    let mut length = None;
    for header in parsed.headers.iter() {
        let value = std::str::from_utf8(header.value).unwrap_or_default().trim();
        if header.name.eq_ignore_ascii_case("content-length") {
            let number = value.bytes().all(|byte| byte.is_ascii_digit());
            let said = value.parse().ok().filter(|_| number);
            let said: usize = said.ok_or(Refusal(400, "content-length is no number"))?;
            if length.is_some_and(|length| length != said) {
                return Err(Refusal(400, "there are two lengths"));
            }
            length = Some(said);
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(Refusal(411, "say content-length"));
        } else if header.name.eq_ignore_ascii_case("authorization") {
            request.token = value.strip_prefix("Bearer ").map(|token| token.trim().to_owned());
        } else if header.name.eq_ignore_ascii_case("content-type") {
            request.content_type = value.to_owned();
        }
    }
    Ok(Some((request, length.unwrap_or(0), head)))
}

/// `%41` is `A`; `None` for what is no UTF-8, has a NUL, or is cut off.
fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        let byte = match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                let digits = std::str::from_utf8(&digits).ok()?;
                u8::from_str_radix(digits, 16).ok()?
            }
            byte => byte,
        };
        bytes.push(byte);
    }
    String::from_utf8(bytes).ok().filter(|path| path.starts_with('/') && !path.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn of(text: &str) -> Result<Option<Request>, Refusal> {
        let deadline = Instant::now() + Duration::from_secs(60);
        read(&mut text.as_bytes(), deadline).expect("no fault of the wire")
    }

    #[test]
    fn a_request_is_read_whole() {
        let text = "POST /api/jobs%2F1?x=1 HTTP/1.1\r\nAuthorization: Bearer abc\r\n\
                    Content-Length: 5\r\n\r\nhello and more";
        let request = of(text).expect("fine").expect("one");
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/api/jobs/1"));
        assert_eq!((request.query.as_str(), request.body.as_slice()), ("x=1", &b"hello"[..]));
        assert_eq!(request.token.as_deref(), Some("abc"));
        assert_eq!(of(""), Ok(None));
    }

    #[test]
    fn what_is_too_much_or_no_http_is_refused() {
        let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(40_000));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(100));
        for (text, status) in [
            (long.as_str(), 431),
            (many.as_str(), 431),
            ("nonsense\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n", 400),
            ("GET /%zz HTTP/1.1\r\n\r\n", 400),
            ("GET /%00 HTTP/1.1\r\n\r\n", 400),
            ("GET x HTTP/1.1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhi", 400),
            ("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nhi", 400),
            ("POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\nh", 400),
            ("POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        ] {
            let refused = of(text).expect_err(text);
            assert_eq!(refused.0, status, "{text:.60}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let deadline = Instant::now() + Duration::from_secs(60);
            let _ = read(&mut bytes.as_slice(), deadline);
        }
    }
}
