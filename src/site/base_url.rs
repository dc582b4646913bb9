//! Where a site can be reached.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The address of the folder of the site, with a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct BaseUrl(String);

impl BaseUrl {
    /// The address of a file of the site.
    pub fn of(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = String;

    fn try_from(text: String) -> Result<BaseUrl, String> {
        text.parse()
    }
}

impl FromStr for BaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<BaseUrl, String> {
        let host = ["https://", "http://"].into_iter().find_map(|scheme| text.strip_prefix(scheme));
        let is_whole = host.is_some_and(|host| host.starts_with(|c: char| !"/?#".contains(c)));
        // What people would not want to publish, and what would end the address in a page, a feed or a mail.
        let login =
            host.and_then(|host| host.split('/').next()).is_some_and(|host| host.contains('@'));
        let is_odd = |c: char| c.is_whitespace() || c.is_control() || "?#<>\"\\^`{|}".contains(c);
        if !is_whole || login || text.contains(is_odd) {
            return Err(
                "not the address of a folder; write it as https://example.org/kernels/".to_owned()
            );
        }
        Ok(BaseUrl(format!("{}/", text.trim_end_matches('/'))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_folder_leads_to_its_files() {
        for text in ["https://example.org/kernels", "https://example.org/kernels/"] {
            let base: BaseUrl = text.parse().expect("an address");
            assert_eq!(base.of("alert/a.html"), "https://example.org/kernels/alert/a.html");
        }
    }

    #[test]
    fn what_is_no_address_of_a_folder_is_refused() {
        for text in [
            "",
            "example.org",
            "https://",
            "https:///x",
            "ftp://example.org/",
            "http://a/?b",
            "https://me:secret@example.org/",
            "http://a b/",
        ] {
            assert!(text.parse::<BaseUrl>().is_err(), "{text}");
        }
    }
}
