//! The paths of the Mackerel API: which call a request is.
//!
//! Known are services, their metrics, annotations and the organization, and by name what a product without
//! hosts has no business with: the real service routes before it authenticates, so that a known path answers
//! 401 and an unknown one 404. Metadata, dashboards and monitors are not known here.

use crate::sigv4::percent_decode;

/// A call of the API, with the parts of its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// `GET /services`
    ListServices,
    /// `POST /services`
    CreateService,
    /// `DELETE /services/<service>`
    DeleteService(String),
    /// `GET /services/<service>/roles`
    ListRoles(String),
    /// `POST /services/<service>/roles`
    CreateRole(String),
    /// `DELETE /services/<service>/roles/<role>`
    DeleteRole(String, String),
    /// `POST /services/<service>/tsdb`
    PostMetrics(String),
    /// `GET /services/<service>/metrics`
    GetMetrics(String),
    /// `GET /services/<service>/metric-names`
    MetricNames(String),
    /// `DELETE /services/<service>/graph-defs/<graph>`
    DeleteGraph(String, String),
    /// `POST /graph-annotations`
    CreateAnnotation,
    /// `GET /graph-annotations`
    ListAnnotations,
    /// `PUT /graph-annotations/<id>`
    UpdateAnnotation(String),
    /// `DELETE /graph-annotations/<id>`
    DeleteAnnotation(String),
    /// `GET /org`
    Organization,
    /// Something that is there but that nothing in this project may call.
    Foreign(Foreign),
}

/// The endpoints that are known by name only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// Hosts and what hangs on them: calling these makes, changes or bills a host.
    Hosts,
    /// Metrics of hosts.
    HostMetrics,
    /// Graph definitions, which exist for host metrics only.
    GraphDefinitions,
    /// Check monitoring.
    Checks,
    /// IP restrictions and the like.
    Settings,
}

/// The call that `method` on `path` (still percent-encoded) is, if the API has it.
#[must_use]
pub fn route(method: &str, path: &str) -> Option<Call> {
    let segments: Vec<String> = path.strip_prefix("/api/v0/")?.split('/').map(decode).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    service_call(method, &segments)
        .or_else(|| annotation_call(method, &segments))
        .or_else(|| foreign_call(method, &segments).map(Call::Foreign))
}

/// Reading needs a key that may read; everything else one that may write too.
#[must_use]
pub fn needs_write(method: &str) -> bool {
    method != "GET"
}

fn service_call(method: &str, segments: &[&str]) -> Option<Call> {
    Some(match (method, segments) {
        ("GET", ["org"]) => Call::Organization,
        ("GET", ["services"]) => Call::ListServices,
        ("POST", ["services"]) => Call::CreateService,
        ("DELETE", ["services", s]) => Call::DeleteService((*s).into()),
        ("GET", ["services", s, "roles"]) => Call::ListRoles((*s).into()),
        ("POST", ["services", s, "roles"]) => Call::CreateRole((*s).into()),
        ("DELETE", ["services", s, "roles", r]) => Call::DeleteRole((*s).into(), (*r).into()),
        ("POST", ["services", s, "tsdb"]) => Call::PostMetrics((*s).into()),
        ("GET", ["services", s, "metrics"]) => Call::GetMetrics((*s).into()),
        ("GET", ["services", s, "metric-names"]) => Call::MetricNames((*s).into()),
        ("DELETE", ["services", s, "graph-defs", g]) => Call::DeleteGraph((*s).into(), (*g).into()),
        _ => return None,
    })
}

fn annotation_call(method: &str, segments: &[&str]) -> Option<Call> {
    Some(match (method, segments) {
        ("POST", ["graph-annotations"]) => Call::CreateAnnotation,
        ("GET", ["graph-annotations"]) => Call::ListAnnotations,
        ("PUT", ["graph-annotations", id]) => Call::UpdateAnnotation((*id).into()),
        ("DELETE", ["graph-annotations", id]) => Call::DeleteAnnotation((*id).into()),
        _ => return None,
    })
}

fn foreign_call(method: &str, segments: &[&str]) -> Option<Foreign> {
    Some(match (method, segments) {
        ("GET" | "POST", ["hosts"])
        | ("GET" | "PUT", ["hosts", _])
        | ("GET", ["hosts-by-custom-identifier", _])
        | ("POST", ["hosts", _, "status" | "retire"])
        | ("POST", ["hosts", "bulk-update-statuses" | "bulk-retire"])
        | ("PUT", ["hosts", _, "role-fullnames"])
        | ("GET", ["hosts", _, "metric-names" | "monitored-statuses"]) => Foreign::Hosts,
        ("POST", ["tsdb"]) | ("GET", ["tsdb", "latest"] | ["hosts", _, "metrics"]) => {
            Foreign::HostMetrics
        }
        ("POST", ["graph-defs", "create"]) | ("DELETE", ["graph-defs"]) => {
            Foreign::GraphDefinitions
        }
        ("GET", ["monitoring", "checks"] | ["monitoring", "checks", _])
        | ("POST", ["monitoring", "checks", "report"]) => Foreign::Checks,
        ("GET" | "POST", ["settings", "ip-restriction", "web" | "api"]) => Foreign::Settings,
        _ => return None,
    })
}

/// Takes the percent-encoding off one segment.
fn decode(segment: &str) -> String {
    String::from_utf8_lossy(&percent_decode(segment)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_path_are_decoded() {
        let call = route("DELETE", "/api/v0/services/web/graph-defs/a%2Fb+c%26d.*");
        assert_eq!(call, Some(Call::DeleteGraph("web".into(), "a/b+c&d.*".into())));
    }

    #[test]
    fn each_kind_of_endpoint_has_a_route() {
        let foreign = |kind| Some(Call::Foreign(kind));
        let cases = [
            ("GET", "org", Some(Call::Organization)),
            ("GET", "services", Some(Call::ListServices)),
            ("POST", "services", Some(Call::CreateService)),
            ("DELETE", "services/s", Some(Call::DeleteService("s".into()))),
            ("GET", "services/s/roles", Some(Call::ListRoles("s".into()))),
            ("POST", "services/s/roles", Some(Call::CreateRole("s".into()))),
            ("DELETE", "services/s/roles/r", Some(Call::DeleteRole("s".into(), "r".into()))),
            ("POST", "services/s/tsdb", Some(Call::PostMetrics("s".into()))),
            ("GET", "services/s/metrics", Some(Call::GetMetrics("s".into()))),
            ("GET", "services/s/metric-names", Some(Call::MetricNames("s".into()))),
            ("POST", "graph-annotations", Some(Call::CreateAnnotation)),
            ("GET", "graph-annotations", Some(Call::ListAnnotations)),
            ("PUT", "graph-annotations/i", Some(Call::UpdateAnnotation("i".into()))),
            ("DELETE", "graph-annotations/i", Some(Call::DeleteAnnotation("i".into()))),
            ("POST", "hosts", foreign(Foreign::Hosts)),
            ("GET", "hosts", foreign(Foreign::Hosts)),
            ("PUT", "hosts/h", foreign(Foreign::Hosts)),
            ("POST", "hosts/h/retire", foreign(Foreign::Hosts)),
            ("POST", "hosts/bulk-retire", foreign(Foreign::Hosts)),
            ("POST", "tsdb", foreign(Foreign::HostMetrics)),
            ("GET", "tsdb/latest", foreign(Foreign::HostMetrics)),
            ("GET", "hosts/h/metrics", foreign(Foreign::HostMetrics)),
            ("POST", "graph-defs/create", foreign(Foreign::GraphDefinitions)),
            ("DELETE", "graph-defs", foreign(Foreign::GraphDefinitions)),
            ("POST", "monitoring/checks/report", foreign(Foreign::Checks)),
            ("GET", "settings/ip-restriction/api", foreign(Foreign::Settings)),
            ("PATCH", "services", None),
            ("GET", "services/s/tsdb", None),
            ("GET", "", None),
        ];
        for (method, path, call) in cases {
            assert_eq!(route(method, &format!("/api/v0/{path}")), call, "{method} {path}");
        }
    }
}
