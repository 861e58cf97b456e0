//! What an organization holds, and the calls that read and change it.
//!
//! Pure: calls come in with their parts and the present, answers go out. HTTP, keys and limits are around it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Number, Value, json};

use super::alerts::Newest;
use super::annotations::Annotations;
use super::answer::Answer;
use super::points::{self, Point};

/// Values of one metric by minute (Unix seconds).
pub type Series = BTreeMap<i64, Number>;

/// One service of an organization.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// A remark.
    pub memo: String,
    /// The roles.
    pub roles: BTreeSet<String>,
    /// The service metrics, by name.
    pub metrics: BTreeMap<String, Series>,
    /// What the monitors were last shown, by metric.
    pub(super) newest: Newest,
}

/// An organization.
#[derive(Clone, Debug, Default)]
pub struct Organization {
    /// Its name.
    pub name: String,
    /// Its services, by name.
    pub services: BTreeMap<String, Service>,
    pub(super) annotations: Annotations,
}

type Outcome = Result<Answer, Answer>;

impl Organization {
    /// An organization with empty services of these names.
    #[must_use]
    pub fn new(name: &str, services: &[String]) -> Self {
        let services = services.iter().map(|s| (s.clone(), Service::default())).collect();
        Self { name: name.to_owned(), services, annotations: Annotations::default() }
    }

    /// `GET /org`
    #[must_use]
    pub fn describe(&self) -> Answer {
        // The live answer has its members in this order.
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Description<'a> {
            name: &'a str,
            display_name: Option<&'a str>,
        }
        Answer::ok(Description { name: &self.name, display_name: None })
    }

    /// `GET /services`
    #[must_use]
    pub fn list_services(&self) -> Answer {
        let services: Vec<Value> = self.services.iter().map(|(n, s)| s.describe(n)).collect();
        Answer::ok(json!({ "services": services }))
    }

    /// `POST /services`
    ///
    /// # Errors
    /// 400 for a bad name, and (assumed) for one that is taken.
    pub fn create_service(&mut self, body: &Value) -> Outcome {
        let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
        let memo = body.get("memo").and_then(Value::as_str).unwrap_or_default();
        if !is_service_name(name) {
            return Err(Answer::error(400, "Invalid service name."));
        }
        if self.services.contains_key(name) {
            return Err(Answer::error(400, "Service name is already taken."));
        }
        let service = Service { memo: memo.to_owned(), ..Service::default() };
        let answer = Answer::ok(service.describe(name));
        self.services.insert(name.to_owned(), service);
        Ok(answer)
    }

    /// `DELETE /services/<service>`: with all its metrics.
    ///
    /// # Errors
    /// 404 for a service that is not there.
    pub fn delete_service(&mut self, name: &str) -> Outcome {
        let service = self.services.remove(name).ok_or_else(service_not_found)?;
        Ok(Answer::ok(service.describe(name)))
    }

    /// The service of this name.
    ///
    /// # Errors
    /// 404 (its text is assumed).
    pub fn service(&self, name: &str) -> Result<&Service, Answer> {
        self.services.get(name).ok_or_else(service_not_found)
    }

    /// The service of this name, to be changed.
    ///
    /// # Errors
    /// 404 (its text is assumed).
    pub fn service_mut(&mut self, name: &str) -> Result<&mut Service, Answer> {
        self.services.get_mut(name).ok_or_else(service_not_found)
    }
}

impl Service {
    fn describe(&self, name: &str) -> Value {
        json!({"name": name, "memo": self.memo, "roles": self.roles})
    }

    /// `GET …/roles`
    #[must_use]
    pub fn list_roles(&self) -> Answer {
        let roles: Vec<Value> =
            self.roles.iter().map(|name| json!({"name": name, "memo": ""})).collect();
        Answer::ok(json!({ "roles": roles }))
    }

    /// `POST …/roles`
    ///
    /// # Errors
    /// 400 for a bad name.
    pub fn create_role(&mut self, body: &Value) -> Outcome {
        let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
        if !is_service_name(name) {
            return Err(Answer::error(400, "Invalid role name."));
        }
        self.roles.insert(name.to_owned());
        Ok(Answer::ok(json!({"name": name, "memo": body.get("memo").unwrap_or(&json!(""))})))
    }

    /// `DELETE …/roles/<role>`
    ///
    /// # Errors
    /// 404 for a role that is not there.
    pub fn delete_role(&mut self, role: &str) -> Outcome {
        if self.roles.remove(role) {
            Ok(Answer::ok(json!({"name": role, "memo": ""})))
        } else {
            Err(Answer::error(404, "Role not found."))
        }
    }

    /// `POST …/tsdb`: the last write for a minute wins, what is more than a day off is dropped in silence.
    /// Hands back the points of the body beside the answer.
    ///
    /// # Errors
    /// 400, with nothing recorded.
    pub fn post_metrics(&mut self, body: &[u8], now: i64) -> Result<(Answer, Vec<Point>), Answer> {
        let points = points::parse(body).map_err(|why| Answer::error(400, &why))?;
        for point in points.iter().filter(|p| p.is_recorded(now)) {
            let series = self.metrics.entry(point.name.clone()).or_default();
            series.insert(point.minute(), point.value.clone());
        }
        self.newest.evaluate(&points, &self.metrics, now);
        Ok((Answer::success(), points))
    }

    /// `GET …/metrics?name=&from=&to=`: ascending, bounds inclusive (assumed).
    ///
    /// # Errors
    /// 404 for a metric that is not there, 400 for a query without its three parts.
    pub fn get_metrics(&self, query: &BTreeMap<String, String>) -> Outcome {
        let seconds = |key| query.get(key).and_then(|text| text.parse::<i64>().ok());
        let (Some(name), Some(from), Some(to)) =
            (query.get("name"), seconds("from"), seconds("to"))
        else {
            return Err(Answer::error(400, "name, from and to are required."));
        };
        let series =
            self.metrics.get(name).ok_or_else(|| Answer::error(404, "Metric not found."))?;
        let metrics: Vec<Value> = series
            .iter()
            .filter(|(time, _)| (from..=to).contains(*time))
            .map(|(time, value)| json!({"time": time, "value": value}))
            .collect();
        Ok(Answer::ok(json!({ "metrics": metrics })))
    }

    /// `GET …/metric-names`
    #[must_use]
    pub fn metric_names(&self) -> Answer {
        Answer::ok(json!({ "names": self.metrics.keys().collect::<Vec<_>>() }))
    }

    /// `DELETE …/graph-defs/<graph>`: a graph is all metrics that are equal up to the last dot, and comes
    /// back with the next post. The values stay.
    ///
    /// # Errors
    /// 404 when no metric belongs to the graph.
    pub fn delete_graph(&mut self, graph: &str) -> Outcome {
        let has_graph = graph.strip_suffix('*').is_some_and(|prefix| {
            let belongs =
                |name: &&String| name.strip_prefix(prefix).is_some_and(|last| !last.contains('.'));
            self.metrics.keys().any(|name| belongs(&name))
        });
        if has_graph { Ok(Answer::success()) } else { Err(Answer::error(404, "Graph not found.")) }
    }
}

fn service_not_found() -> Answer {
    Answer::error(404, "Service not found.")
}

/// `^[A-Za-z0-9][A-Za-z0-9_-]{1,62}$`, for services and roles.
fn is_service_name(name: &str) -> bool {
    let ok = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (2..=63).contains(&name.len())
        && name.chars().all(ok)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}
