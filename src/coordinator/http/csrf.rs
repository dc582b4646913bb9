//! Forms of ours are told from those that another page sends in a reader's name.

use std::fs;
use std::io::{self, Read as _};
use std::sync::OnceLock;

use super::request::Request;

/// A form may be as old as that, in milliseconds, and as old again.
const LASTS: i64 = 3_600_000;

/// What a form about something carries, at a time in milliseconds since 1970.
pub fn token(about: &str, now: i64) -> io::Result<String> {
    Ok(made(key()?, about, now / LASTS))
}

/// `true` if a form that carries this was ours.
pub fn is_ours(request: &Request, about: &str, token: &str, now: i64) -> bool {
    // Browsers say where a form comes from, and pages cannot keep them from it.
    if !matches!(request.fetch_site.as_str(), "" | "same-origin") {
        return false;
    }
    let Ok(key) = key() else { return false };
    let slots = [now / LASTS, now / LASTS - 1];
    // Comparing hashes takes the same time whatever they are.
    let is = |wanted: &str| blake3::hash(wanted.as_bytes()) == blake3::hash(token.as_bytes());
    slots.iter().any(|slot| is(&made(key, about, *slot)))
}

fn made(key: &[u8; 32], about: &str, slot: i64) -> String {
    blake3::keyed_hash(key, format!("{slot} {about}").as_bytes()).to_hex().to_string()
}

/// Another one after each start: forms from before are loaded again.
fn key() -> io::Result<&'static [u8; 32]> {
    static KEY: OnceLock<[u8; 32]> = OnceLock::new();
    if let Some(key) = KEY.get() {
        return Ok(key);
    }
    let mut key = [0; 32];
    fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
    Ok(KEY.get_or_init(|| key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_good_for_one_thing_and_an_hour_or_two() {
        let ours = token("bisect a", 10 * LASTS).expect("there is randomness");
        let request = Request { fetch_site: "same-origin".to_owned(), ..Request::default() };
        for (about, now, is) in [
            ("bisect a", 10 * LASTS, true),
            ("bisect a", 12 * LASTS - 1, true),
            ("bisect a", 12 * LASTS, false),
            ("bisect a", 9 * LASTS, false),
            ("bisect b", 10 * LASTS, false),
        ] {
            assert_eq!(is_ours(&request, about, &ours, now), is, "{about} {now}");
        }
        assert!(!is_ours(&request, "bisect a", "", 10 * LASTS));
        let foreign = Request { fetch_site: "cross-site".to_owned(), ..request };
        assert!(!is_ours(&foreign, "bisect a", &ours, 10 * LASTS));
    }
}
