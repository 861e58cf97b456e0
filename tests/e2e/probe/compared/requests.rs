//! What a target sees of an HTTP probe: the same requests, header by header, along redirects too.

use std::collections::BTreeMap;

use tests::blackbox::Blackbox;
use tests::targets::web::{Piece, Request, plain};

use super::differences::Differences;
use super::{Labels, Said, Site, cases, configure, ours};

/// Every path begins with the number of its case.
const CASES: &str = include_str!("requests.txt");

fn answer(request: &Request) -> Vec<Piece> {
    let port = request.header("host").and_then(|host| host.rsplit(':').next()).unwrap_or_default();
    let (start, kind) = request.path.rsplit_once('/').unwrap_or_default();
    let to = |status, location: &str| {
        plain(status, &format!("Location: {location}\r\nSet-Cookie: c=d; Path=/\r\n"), b"")
    };
    match kind {
        "absolute" => to("302 Found", &format!("http://localhost:{port}{start}/ok")),
        "relative" => to("302 Found", "ok"),
        "again" => to("307 Temporary Redirect", "ok"),
        _ => plain("200 OK", "", if request.method == "HEAD" { b"" } else { b"hello" }),
    }
}

/// Requests as series, by case: one for the line and the body, and one for each header.
fn told(requests: Vec<Request>) -> BTreeMap<String, Said> {
    let mut told: BTreeMap<String, (usize, Said)> = BTreeMap::new();
    for request in requests {
        let case = request.path.split('/').find(|part| part.parse::<u32>().is_ok());
        let (count, said) = told.entry(case.expect("a number").to_owned()).or_default();
        *count += 1;
        let number = count.to_string();
        let mut tell = |metric: &str, pairs: [(&str, String); 2]| {
            let own = [("__name__", metric.to_owned()), ("number", number.clone())].into_iter();
            let labels: Labels =
                own.chain(pairs).map(|(name, value)| (name.to_owned(), value)).collect();
            *said.entry(labels).or_default() += 1.0;
        };
        let line = format!("{} {}", request.method, request.path);
        tell(
            "line",
            [("line", line), ("body", String::from_utf8_lossy(&request.body).into_owned())],
        );
        for header in &request.headers {
            let (name, value) = header.split_once(':').expect("a header");
            let pair = [("name", name.to_ascii_lowercase()), ("value", value.trim().to_owned())];
            tell("header", pair);
        }
    }
    told.into_iter().map(|(case, (_, said))| (case, said)).collect()
}

#[tokio::test]
async fn targets_see_the_requests_of_the_original() {
    let cases = cases(CASES);
    let mut site = Site::new();
    let web = site.targets.web(None, answer);
    site.place("web", web.addr);
    site.place("port", web.addr.port());
    let exporter = Blackbox::start(&configure(&site, &cases));
    for case in &cases {
        let page = exporter.probe(case.name, &site.filled(case.target));
        assert_eq!(page.value("probe_success"), 1.0, "{}: {page:?}", case.name);
    }
    let theirs = told(web.take());
    ours(&site).await;
    let ours = told(web.take());
    let mut differences = Differences::of("requests");
    for case in &cases {
        let nothing = Said::new();
        let of = |told: &BTreeMap<String, Said>| told.get(case.name).unwrap_or(&nothing).clone();
        differences.look(case.name, &of(&theirs), &of(&ours));
    }
    differences.finish();
}
