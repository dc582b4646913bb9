//! Whether the data of a site is what its schema says.

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

const URL: &str = "http://site/schema.json";

/// The schema of a site, without leave to have more fields than it names.
pub struct Schema {
    schemas: Schemas,
    compiler: Compiler,
}

impl Schema {
    pub fn new(text: &str) -> Schema {
        let mut schema: Value = serde_json::from_str(text).expect("the schema is JSON");
        close(&mut schema);
        let mut compiler = Compiler::new();
        compiler.add_resource(URL, schema).expect("a schema");
        Schema { schemas: Schemas::new(), compiler }
    }

    fn of(&mut self, kind: &str) -> SchemaIndex {
        let known = self.compiler.compile(&format!("{URL}#/$defs/{kind}"), &mut self.schemas);
        known.unwrap_or_else(|error| panic!("{kind}: {error}"))
    }

    /// Checks a file at this path of a site, and tells its kind.
    pub fn check(&mut self, path: &str, text: &str) -> String {
        let data: Value = serde_json::from_str(text).unwrap_or_else(|e| panic!("{path}: {e}"));
        let named = data["$schema"].as_str().unwrap_or_else(|| panic!("{path} names no schema"));
        let (file, kind) =
            named.split_once("#/$defs/").unwrap_or_else(|| panic!("{path}: {named}"));
        assert_eq!(
            file,
            format!("{}schema.json", "../".repeat(path.matches('/').count())),
            "{path}"
        );
        let index = self.of(kind);
        if let Err(error) = self.schemas.validate(&data, index) {
            panic!("{path}: {error}");
        }
        kind.to_owned()
    }
}

/// Forbids what is not named.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(close);
            if fields.get("properties").is_some_and(|named| !named["type"].is_string()) {
                fields.entry("additionalProperties").or_insert(false.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}
