//! The page that says how to read the others, and notes in Markdown.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};
use serde::Serialize;

use super::templates::{Link, Place};
use super::{Output, Site, SiteError};

/// The text, with the limits of the verdict in `{…}`.
const TEXT: &str = include_str!("../../assets/help.md");

#[derive(Serialize)]
struct Page {
    html: String,
}

/// Writes the page.
pub fn write(site: &Site, out: &dyn Output) -> Result<(), SiteError> {
    let settings = site.catalogue.settings;
    let percent = |share: f64| (100.0 * share).round().to_string();
    let text = TEXT
        .replace("{minimum-effect}", &percent(settings.min_effect))
        .replace("{no-change-margin}", &percent(settings.equivalence))
        .replace("{coverage}", &percent(settings.coverage))
        .replace("{false-alerts}", &percent(settings.false_share));
    let place = Place {
        data: None,
        path: "help.html".into(),
        title: "How to read these pages".into(),
        crumbs: vec![Link::new("Home", "index.html")],
    };
    site.write("help.html", &place, &Page { html: markdown(&text) }, out)
}

/// Markdown as HTML. HTML in it is shown as text, and what links to neither the web nor the site
/// is no link.
pub fn markdown(text: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    // Links do not nest.
    let mut refused = false;
    let events = Parser::new_ext(text, options).map(|event| match event {
        Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
        Event::Start(Tag::Link { dest_url, .. }) if !is_safe(&dest_url) => {
            refused = true;
            Event::Start(Tag::Emphasis)
        }
        Event::End(TagEnd::Link) if std::mem::take(&mut refused) => Event::End(TagEnd::Emphasis),
        // Pages load nothing from elsewhere.
        Event::Start(Tag::Image { .. }) => Event::Start(Tag::Emphasis),
        Event::End(TagEnd::Image) => Event::End(TagEnd::Emphasis),
        other => other,
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    out
}

fn is_safe(url: &str) -> bool {
    let scheme = url.split(['/', '?', '#']).next().and_then(|start| start.split_once(':'));
    scheme.is_none_or(|(scheme, _)| ["http", "https", "mailto"].contains(&scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_cannot_bring_scripts() {
        let html = markdown("a <script>x</script> [b](javascript:alert) ![c](http://e/f.png) *d*");
        assert!(
            !html.contains("<script") && !html.contains("javascript:") && !html.contains("<img")
        );
        assert!(html.contains("<em>b</em>") && html.contains("<em>d</em>"), "{html}");
        assert!(markdown("[b](https://e/f)").contains("href=\"https://e/f\""));
    }
}
