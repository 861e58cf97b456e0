//! No secret in any report, error, series or log line, whatever goes wrong with a probe.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tests::minute;
use tests::targets::certificates::Authority;
use tests::targets::script::{Line, say};
use tests::targets::web::plain;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;

use super::site::Site;
use super::{function, world};

/// Each secret begins with this word, which stands nowhere else.
const PLANTED: &str = "planted";

const MODULES: &str = "modules:
  basic: {prober: http, timeout: 1s, http: {basic_auth: {username: user, password: planted-password}}}
  bearer: {prober: http, timeout: 1s, http: {authorization: {credentials_file: '{token}'}}}
  header: {prober: http, timeout: 1s, http: {http_headers: {X-Key: {secrets: [planted-header]}}}}
  missing: {prober: http, timeout: 1s, http: {basic_auth: {username: user, password_file: ssm:/hostless/secret/missing}}}
  oauth: {prober: http, timeout: 1s, http: {oauth2: {client_id: id, client_secret: planted-client-secret, token_url: 'http://{web}/token'}}}
  proxy: {prober: http, timeout: 1s, http: {proxy_url: 'http://user:planted-proxy-password@{garbage}'}}
  key: {prober: http, timeout: 1s, http: {tls_config: {cert_file: '{cert}', key_file: '{key}', insecure_skip_verify: true}}}
  tcp: {prober: tcp, timeout: 500ms, tcp: {query_response: [{send: PASS planted-dialogue}, {expect: OK}]}}
  grpc: {prober: grpc, timeout: 500ms, grpc: {metadata: {authorization: [planted-metadata]}}}
  websocket: {prober: websocket, timeout: 500ms, websocket: {http_config: {bearer_token: planted-websocket}}}
";

/// A job for a module; what its targets are is in no label.
fn job(module: &str, target: &str) -> String {
    format!(
        "  - job_name: {module}
    metrics_path: /probe
    params: {{module: [{module}]}}
    static_configs: [{{targets: [{module}]}}]
    relabel_configs: [{{target_label: __param_target, replacement: '{target}'}}]
"
    )
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics here").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn site(target: &str) -> Site {
    let mut site = Site::new();
    // A server that refuses everybody and quotes what it was sent.
    let web = site
        .targets
        .web(None, |request| plain("401 Unauthorized", "", request.headers.join("\n").as_bytes()));
    site.place("web", web.addr);
    site.place("garbage", site.targets.script(vec![say("planted nothing\r\n"), Line::Stay]));
    site.place("nobody", site.targets.nobody());
    site.file("token", "planted-token\n");
    let client = Authority::new("test").client();
    site.file("cert", client.chain_pem());
    site.file("key", client.key_pem());
    site.write("blackbox.yml", MODULES);
    let modules =
        MODULES.lines().filter_map(|line| Some(line.strip_prefix("  ")?.split_once(':')?.0));
    let jobs: String = modules.map(|module| job(module, target)).collect();
    site.write("prometheus.yml", &format!("scrape_configs:\n{jobs}"));
    site
}

#[tokio::test]
async fn no_secret_is_said_whatever_goes_wrong() {
    let captured = Captured::default();
    let writer = captured.clone();
    let ours = ["probe", "jobs", "dial", "runtime", "sinks", "store", "aws", "http", "config"];
    let levels = ours.map(|name| (name, Level::TRACE));
    let filter = Targets::new().with_default(Level::WARN).with_targets(levels);
    let lines = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
    let subscriber = tracing_subscriber::registry().with(filter).with(lines);
    let _logging = tracing::subscriber::set_default(subscriber);

    let mut probes = 0;
    for target in [
        "http://user:planted-url-password@{web}/?key=planted-query",
        "https://user:planted-url-password@{garbage}/?key=planted-query",
        "http://user:planted-url-password@{nobody}/",
        "user:planted-url-password@",
        "http://user:planted-url-password@planted.invalid:port/",
    ] {
        let site = site(target);
        let world = world(&site);
        let handler = function(&world, &site).await;
        for at in [1, 2] {
            let outcome = world.run(&handler, minute(at)).await;
            let json = outcome.report.to_json();
            let said = format!("{outcome:?}\n{json}\n{:#?}", outcome.failure);
            assert!(!said.contains(PLANTED), "{target}: {said}");
        }
        for (labels, samples) in world.receiver.series() {
            probes += usize::from(labels["__name__"] == "probe_success") * samples.len();
            assert!(!format!("{labels:?}").contains(PLANTED), "{target}: {labels:?}");
        }
        let bodies = world.aws.objects("hostless").into_iter();
        for key in bodies {
            let body = world.aws.object("hostless", &key).expect("an object");
            assert!(!String::from_utf8_lossy(&body).contains(PLANTED), "{target}: {key}");
        }
    }
    assert!(probes > 0, "there is something to look through");
    let log = captured.0.lock().expect("nobody panics here").clone();
    let log = String::from_utf8_lossy(&log).into_owned();
    assert!(!log.contains(PLANTED), "{log}");
}
