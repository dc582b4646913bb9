//! What a form sends.

/// Fields of a form. What we put into it are plain words, so that nothing is decoded.
pub struct Fields<'r>(&'r str);

impl<'r> Fields<'r> {
    /// Reads them; what is no text is nothing.
    pub fn read(body: &'r [u8]) -> Fields<'r> {
        Fields(std::str::from_utf8(body).unwrap_or_default())
    }

    /// The first of that name, or nothing.
    pub fn get(&self, name: &str) -> &'r str {
        self.all(name).next().unwrap_or_default()
    }

    /// All of that name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &'r str> {
        let pairs = self.0.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(move |(key, _)| *key == name).map(|(_, value)| value)
    }
}
