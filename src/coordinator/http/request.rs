//! What of a request matters.

/// No body is larger.
pub const LARGEST_BODY: usize = 1 << 20;
/// No piece of what a builder sends is, nor what its git asks with.
pub const LARGEST_PIECE: usize = 8 << 20;

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`
    pub method: String,
    /// Without the query.
    pub path: String,
    /// What follows the question mark.
    pub query: String,
    /// The token of `Authorization: Bearer`.
    pub token: Option<String>,
    /// What a browser says of the page that sent it: `same-origin`, `cross-site`.
    pub fetch_site: String,
    /// Kind of the body.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}
