//! Graph annotations: remarks with a span of time that stand on the graphs of a service.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answer::Answer;

const LONGEST_TITLE: usize = 250;
const LONGEST_DESCRIPTION: usize = 1024;

/// The annotations of an organization, by id.
#[derive(Clone, Debug, Default)]
pub(super) struct Annotations {
    by_id: BTreeMap<String, Value>,
    made: u64,
}

impl Annotations {
    /// `POST /graph-annotations`, for a service that was found.
    ///
    /// # Errors
    /// 400 for a bad form or length, or a span that ends before it starts.
    pub(super) fn create(&mut self, body: &Value) -> Result<Answer, Answer> {
        check(body)?;
        self.made += 1;
        let id = format!("annotation{}", self.made);
        Ok(self.keep(&id, body))
    }

    /// `PUT /graph-annotations/<id>`
    ///
    /// # Errors
    /// As [`Self::create`], and 404 for an annotation that is not there.
    pub(super) fn update(&mut self, id: &str, body: &Value) -> Result<Answer, Answer> {
        check(body)?;
        if !self.by_id.contains_key(id) {
            return Err(not_found());
        }
        Ok(self.keep(id, body))
    }

    /// `DELETE /graph-annotations/<id>`
    ///
    /// # Errors
    /// 404 for an annotation that is not there.
    pub(super) fn delete(&mut self, id: &str) -> Result<Answer, Answer> {
        self.by_id.remove(id).map(Answer::ok).ok_or_else(not_found)
    }

    /// `GET /graph-annotations?service=&from=&to=`: those that touch the span.
    ///
    /// # Errors
    /// 400 for a query without its three parts.
    pub(super) fn list(&self, query: &BTreeMap<String, String>) -> Result<Answer, Answer> {
        let seconds = |key| query.get(key).and_then(|text| text.parse::<i64>().ok());
        let (Some(service), Some(from), Some(to)) =
            (query.get("service"), seconds("from"), seconds("to"))
        else {
            return Err(Answer::error(400, "service, from and to are required."));
        };
        let touches = |annotation: &&Value| {
            annotation["service"] == service.as_str()
                && annotation["from"].as_i64().is_some_and(|start| start <= to)
                && annotation["to"].as_i64().is_some_and(|end| end >= from)
        };
        let found: Vec<&Value> = self.by_id.values().filter(touches).collect();
        Ok(Answer::ok(json!({ "graphAnnotations": found })))
    }

    fn keep(&mut self, id: &str, body: &Value) -> Answer {
        let mut annotation = body.clone();
        annotation["id"] = json!(id);
        self.by_id.insert(id.to_owned(), annotation.clone());
        Answer::ok(annotation)
    }
}

fn check(body: &Value) -> Result<(), Answer> {
    let characters = |key: &str| body.get(key).map(|v| v.as_str().map(|s| s.chars().count()));
    let is_short = |key, longest, required: bool| match characters(key) {
        Some(Some(count)) => count <= longest,
        Some(None) => false,
        None => !required,
    };
    let span = body["from"].as_i64().zip(body["to"].as_i64());
    let is_good = is_short("title", LONGEST_TITLE, true)
        && is_short("description", LONGEST_DESCRIPTION, false)
        && body["service"].is_string()
        && span.is_some_and(|(from, to)| from <= to);
    if is_good { Ok(()) } else { Err(Answer::error(400, "Invalid graph annotation.")) }
}

fn not_found() -> Answer {
    Answer::error(404, "Graph annotation not found")
}
