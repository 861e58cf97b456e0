use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{ask, discovery, job, labels, targets, targets_despite};

/// Answers each request with the next of its answers, then with the last one, and closes the connection.
struct Server {
    authority: String,
    requests: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn start(answers: &[String]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let authority = listener.local_addr().expect("it is bound").to_string();
        let requests = Arc::default();
        let answers = Arc::new(Mutex::new(answers.to_vec()));
        let task = tokio::spawn(serve(listener, Arc::clone(&requests), Arc::clone(&answers)));
        Self { authority, requests, answers, task }
    }

    fn will_answer(&self, answers: &[String]) {
        *self.answers.lock().expect("a lock") = answers.to_vec();
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("a lock").clone()
    }

    /// A job whose targets are found here; `name` is a name of this machine.
    fn job_at(&self, name: &str, rest: &str) -> crate::Job {
        let authority = self.authority.replace("127.0.0.1", name);
        job(&format!("http_sd_configs: [{{url: 'http://{authority}/t?x=secret'{rest}}}]"))
    }

    fn job(&self, rest: &str) -> crate::Job {
        self.job_at("127.0.0.1", rest)
    }
}

async fn serve(
    listener: TcpListener,
    requests: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<Vec<String>>>,
) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut request = Vec::new();
        let mut buffer = [0; 1024];
        while !request.ends_with(b"\r\n\r\n") {
            match stream.read(&mut buffer).await {
                Ok(length) if length > 0 => request.extend_from_slice(&buffer[..length]),
                _ => break,
            }
        }
        requests.lock().expect("a lock").push(String::from_utf8_lossy(&request).into_owned());
        let answer = {
            let mut answers = answers.lock().expect("a lock");
            if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() }
        };
        // A client that has read enough hangs up.
        let _hung_up = stream.write_all(answer.as_bytes()).await;
    }
}

fn answer(status: &str, content_type: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

fn groups(body: &str) -> String {
    answer("200 OK", "application/json; charset=utf-8", body)
}

fn redirect(to: &str) -> String {
    format!(
        "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
}

const ONE: &str = r#"[{"targets": ["a:1"], "labels": {"team": "web"}}]"#;

#[tokio::test]
async fn groups_are_asked_for_as_prometheus_asks() {
    let server = Server::start(&[groups(ONE)]).await;
    let job = server.job(", refresh_interval: 90s, basic_auth: {username: u, password: p}");
    let (found, errors) = ask(&discovery(), &job, 0).await.expect("known");
    assert!(errors.is_empty(), "{errors:?}");
    let url = format!("http://{}/t?x=secret", server.authority);
    assert_eq!(found[0].labels, labels(&[("__meta_url", &url), ("team", "web")]));
    assert_eq!(found[0].source, format!("http://{}/t:0", server.authority), "a source is shown");
    let request = server.requests().remove(0);
    assert!(request.starts_with("GET /t?x=secret HTTP/1.1\r\n"), "{request}");
    for header in [
        "accept: application/json",
        "x-prometheus-refresh-interval-seconds: 90",
        "authorization: Basic dTpw",
        "user-agent: hostless/",
    ] {
        assert!(request.contains(header), "{header}: {request}");
    }
}

#[tokio::test]
async fn an_answer_stands_for_its_interval_and_beyond_where_the_next_one_fails() {
    let server = Server::start(&[groups(ONE)]).await;
    let (discovery, job) = (discovery(), server.job(""));
    assert_eq!(targets(&discovery, &job, 0).await, ["a:1"]);
    server.will_answer(&[answer("500 Oops", "text/plain", "no")]);
    assert_eq!(targets(&discovery, &job, 53).await, ["a:1"]);
    assert_eq!(server.requests().len(), 1);
    let (known, error) = targets_despite(&discovery, &job, 60).await;
    assert_eq!(known, ["a:1"]);
    let place = format!("http://{}/t", server.authority);
    let expected = "server returned HTTP status 500 Internal Server Error";
    assert_eq!(error, format!("find targets with http_sd_configs: {place}: {expected}"));
    server.will_answer(&[groups("[]")]);
    assert!(targets(&discovery, &job, 61).await.is_empty(), "nothing is an answer");
}

#[tokio::test]
async fn what_is_no_answer_is_told() {
    let long = format!("[{}]", " ".repeat(17 << 20));
    let table = [
        (
            answer("404 Not Found", "application/json", ONE),
            "server returned HTTP status 404 Not Found",
        ),
        (answer("200 OK", "text/html", ONE), "unsupported content type \"text/html\""),
        (groups(""), "not target groups: EOF while parsing a value"),
        (groups("{}"), "not target groups: invalid type: map"),
        (groups("[null]"), "nil target group item found"),
        (groups(r#"[{"target": []}]"#), "not target groups: unknown field `target`"),
        (groups(&long), "it is longer than 16777216 bytes"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[".to_owned(), "get an answer: "),
        ("garbage\r\n\r\n".to_owned(), "get an answer: "),
    ];
    for (answer, expected) in table {
        let server = Server::start(&[answer]).await;
        let error = ask(&discovery(), &server.job(""), 0).await.expect_err("nothing is known");
        assert!(error.message.contains(expected), "{expected}: {error:?}");
        assert!(!error.message.contains("secret"), "{error:?}");
    }
}

#[tokio::test]
async fn nobody_there_is_told() {
    let server = Server::start(&[groups(ONE)]).await;
    let job = server.job("");
    server.task.abort();
    // The port is free when the task is gone.
    while !server.task.is_finished() {
        tokio::task::yield_now().await;
    }
    let error = ask(&discovery(), &job, 0).await.expect_err("nothing is known");
    assert!(error.message.contains("connect: "), "{error:?}");
}

#[tokio::test]
async fn redirects_are_followed_and_credentials_stay_with_their_host() {
    let elsewhere = Server::start(&[groups(ONE)]).await;
    let other_host = format!("http://{}/there", elsewhere.authority);
    let first = Server::start(&[redirect("/next"), redirect(&other_host)]).await;
    let rest = ", basic_auth: {username: u, password: p}, http_headers: {X-Key: {secrets: [k]}}";
    assert_eq!(targets(&discovery(), &first.job_at("localhost", rest), 0).await, ["a:1"]);
    let requests = first.requests();
    assert!(requests[1].starts_with("GET /next HTTP/1.1"), "{requests:?}");
    for request in &requests {
        assert!(request.contains("authorization: ") && request.contains("x-key: k"), "{request}");
    }
    let request = elsewhere.requests().remove(0);
    assert!(request.starts_with("GET /there "), "{request}");
    assert!(!request.contains("authorization") && !request.contains("x-key"), "{request}");
}

#[tokio::test]
async fn redirects_end() {
    let server = Server::start(&[redirect("/again")]).await;
    let error = ask(&discovery(), &server.job(""), 0).await.expect_err("nothing is known");
    assert!(error.message.ends_with("stopped after 10 redirects"), "{error:?}");
    assert_eq!(server.requests().len(), 11);
    let not_followed = server.job(", follow_redirects: false");
    let error = ask(&discovery(), &not_followed, 0).await.expect_err("nothing is known");
    assert!(error.message.ends_with("HTTP status 302 Found"), "{error:?}");
}

#[tokio::test]
async fn a_password_that_changed_is_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pw");
    std::fs::write(&file, "old").expect("a file");
    let server = Server::start(&[groups(ONE)]).await;
    let rest = format!(", basic_auth: {{username: u, password_file: '{}'}}", file.display());
    let (discovery, job) = (discovery(), server.job(&rest));
    assert_eq!(targets(&discovery, &job, 0).await, ["a:1"]);
    std::fs::write(&file, "new").expect("a file");
    server.will_answer(&[answer("401 Unauthorized", "text/plain", ""), groups("[]")]);
    assert!(targets(&discovery, &job, 60).await.is_empty());
    let requests = server.requests();
    assert!(requests[1].contains("authorization: Basic dTpvbGQ="), "{requests:?}");
    assert!(requests[2].contains("authorization: Basic dTpuZXc="), "{requests:?}");
}
