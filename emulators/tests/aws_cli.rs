//! The AWS CLI, which nobody here wrote, gets right answers from the emulator: its own protocol,
//! signer, paginators and parsers against ours.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};

use emulators::aws::{AwsEmulator, Options, Parameter, Role};
use emulators::faults::{Fault, Rule};
use emulators::traffic::ecs::EcsFleet;
use emulators::traffic::{DEFAULT_METRICS, Fleet};
use serde_json::{Value, json};

/// 2026-11-20T09:26:00Z.
const NOW: i64 = 1_795_166_760;

/// The CLI that `cargo xtask test` installs, or the one that `AWS_CLI` names.
#[expect(
    clippy::disallowed_methods,
    reason = "a test is told by its environment where the programs are"
)]
fn cli() -> PathBuf {
    let path = std::env::var_os("AWS_CLI").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/venv/bin/aws"),
        PathBuf::from,
    );
    assert!(
        path.exists(),
        "no AWS CLI at {}: run `cargo xtask test`, which installs it, or set AWS_CLI",
        path.display()
    );
    path
}

fn run(environment: &[(String, String)], arguments: &[&str]) -> Output {
    Command::new(cli())
        // Nothing of the machine's own configuration, credentials or proxies.
        .env_clear()
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_MAX_ATTEMPTS", "1")
        .envs(environment.iter().cloned())
        .args(["--output", "json"])
        .args(arguments)
        .output()
        .expect("the AWS CLI runs")
}

fn ask_as(environment: &[(String, String)], arguments: &[&str]) -> Value {
    let output = run(environment, arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "aws {arguments:?}: {errors}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn ask(emulator: &AwsEmulator, arguments: &[&str]) -> Value {
    ask_as(&emulator.environment(), arguments)
}

fn start(options: Options) -> AwsEmulator {
    AwsEmulator::start(Options { now: Some(NOW), ..options })
}

/// `MetricDataQueries` for these metrics of one distribution, with ids `m0`, `m1`, ….
fn queries(distribution: &str, metrics: &[(&str, &str)], period: u32) -> String {
    let queries = metrics.iter().enumerate().map(|(index, (metric, statistic))| {
        json!({
            "Id": format!("m{index}"),
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/CloudFront",
                    "MetricName": metric,
                    "Dimensions": [
                        {"Name": "DistributionId", "Value": distribution},
                        {"Name": "Region", "Value": "Global"},
                    ],
                },
                "Period": period,
                "Stat": statistic,
            },
        })
    });
    Value::Array(queries.collect()).to_string()
}

/// The points of each id over all results, in the order of their coming.
fn points(answer: &Value) -> BTreeMap<String, Vec<(i64, f64)>> {
    let mut points: BTreeMap<String, Vec<(i64, f64)>> = BTreeMap::new();
    for result in answer["MetricDataResults"].as_array().expect("results") {
        let times = result["Timestamps"].as_array().expect("timestamps");
        let values = result["Values"].as_array().expect("values");
        assert_eq!(times.len(), values.len());
        let id = result["Id"].as_str().expect("an id").to_owned();
        let read = times.iter().zip(values).map(|(time, value)| {
            let time = time.as_f64().expect("epoch seconds");
            assert_eq!(time.fract(), 0.0);
            (format!("{time}").parse().expect("whole seconds"), value.as_f64().expect("a number"))
        });
        points.entry(id).or_default().extend(read);
    }
    points
}

fn expected(
    emulator: &AwsEmulator,
    distribution: &str,
    (metric, statistic): (&str, &str),
) -> Vec<(i64, f64)> {
    emulator.expected(distribution, metric, statistic, NOW - 3720..NOW - 120)
}

const SERIES: [(&str, &str); 5] = [
    ("Requests", "Sum"),
    ("BytesDownloaded", "Sum"),
    ("TotalErrorRate", "Average"),
    ("OriginLatency", "p50"),
    ("OriginLatency", "p99"),
];

const WINDOW: [&str; 8] = [
    "--region",
    "us-east-1",
    "--start-time",
    "2026-11-20T08:24:00Z",
    "--end-time",
    "2026-11-20T09:24:00Z",
    "--scan-by",
    "TimestampAscending",
];

#[test]
fn get_metric_data_gives_every_value_at_its_minute_over_all_pages() {
    let emulator = start(Options::default());
    let fleet = emulator.fleet();
    let distribution = &fleet.distributions[0].id;
    let queries = queries(distribution, &SERIES, 60);
    let mut arguments = vec!["cloudwatch", "get-metric-data", "--metric-data-queries", &queries];
    arguments.extend(WINDOW);
    // 5 series of 60 points, cut in the middle of a series.
    arguments.extend(["--page-size", "70"]);
    let answer = ask(&emulator, &arguments);
    let points = points(&answer);
    for (index, series) in SERIES.into_iter().enumerate() {
        let expected = expected(&emulator, distribution, series);
        assert_eq!(expected.len(), 60);
        assert_eq!(points[&format!("m{index}")], expected, "{series:?}");
    }
    assert_eq!(emulator.call_log().count("cloudwatch:GetMetricData"), 5, "ceil(300 / 70) pages");
    assert!(emulator.calls().iter().all(|call| call.region == "us-east-1"));
}

#[test]
fn get_metric_data_stops_at_max_datapoints_with_a_token() {
    let emulator = start(Options::default());
    let fleet = emulator.fleet();
    let distribution = &fleet.distributions[0].id;
    let queries = queries(distribution, &SERIES[..2], 60);
    let mut arguments = vec!["cloudwatch", "get-metric-data", "--metric-data-queries", &queries];
    arguments.extend(WINDOW);
    arguments.extend(["--max-datapoints", "90"]);
    let first = ask(&emulator, &arguments);
    let results = first["MetricDataResults"].as_array().expect("results");
    let statuses: Vec<_> = results.iter().map(|result| result["StatusCode"].as_str()).collect();
    assert_eq!(statuses, [Some("Complete"), Some("PartialData")]);
    assert_eq!(points(&first)["m1"].len(), 30);

    let token = first["NextToken"].as_str().expect("a token");
    arguments.extend(["--next-token", token]);
    let second = ask(&emulator, &arguments);
    assert_eq!(second["NextToken"], Value::Null);
    let whole = expected(&emulator, distribution, SERIES[1]);
    assert_eq!(points(&second)["m1"], whole[30..]);
}

#[test]
fn list_metrics_gives_all_pages() {
    let emulator = start(Options { fleet: Fleet::sized(100), ..Options::default() });
    let arguments =
        ["cloudwatch", "list-metrics", "--region", "us-east-1", "--namespace", "AWS/CloudFront"];
    let answer = ask(&emulator, &arguments);
    let metrics = answer["Metrics"].as_array().expect("metrics");
    assert_eq!(metrics.len(), 100 * DEFAULT_METRICS.len());
    assert_eq!(emulator.call_log().count("cloudwatch:ListMetrics"), 2);

    let one = emulator.fleet().distributions[7].id.clone();
    let filter = format!("Name=DistributionId,Value={one}");
    let answer = ask(&emulator, &[&arguments[..], &["--dimensions", &filter]].concat());
    let metrics = answer["Metrics"].as_array().expect("metrics");
    assert_eq!(metrics.len(), DEFAULT_METRICS.len());
    assert_eq!(metrics[0]["Dimensions"][1], json!({"Name": "Region", "Value": "Global"}));
}

#[test]
fn metrics_of_cloudfront_are_in_us_east_1_only() {
    let emulator = start(Options::default());
    let arguments = ["cloudwatch", "list-metrics", "--region", "ap-northeast-1"];
    assert_eq!(ask(&emulator, &arguments), json!({"Metrics": []}));
}

#[test]
fn list_distributions_gives_all_pages() {
    let emulator = start(Options { fleet: Fleet::sized(250), ..Options::default() });
    let answer = ask(&emulator, &["cloudfront", "list-distributions"]);
    let items = answer["DistributionList"]["Items"].as_array().expect("items");
    let fleet = emulator.fleet();
    assert_eq!(items.len(), 250);
    for (item, distribution) in items.iter().zip(&fleet.distributions) {
        assert_eq!(item["Id"], distribution.id.as_str());
        assert_eq!(item["DomainName"], distribution.domain_name.as_str());
        assert_eq!(item["Comment"], distribution.comment.as_str());
        assert_eq!(item["Aliases"]["Items"], json!(distribution.aliases));
    }
    assert_eq!(emulator.call_log().count("cloudfront:ListDistributions"), 3);
}

#[test]
fn tags_and_monitoring_subscriptions_can_be_read() {
    let emulator = start(Options::default());
    let fleet = emulator.fleet();
    let [website, api] = [&fleet.distributions[0], &fleet.distributions[1]];
    let arn = website.arn("123456789012");
    let tags = ask(&emulator, &["cloudfront", "list-tags-for-resource", "--resource", &arn]);
    let website_tags = json!([
        {"Key": "Environment", "Value": "production"},
        {"Key": "Name", "Value": "Website"},
    ]);
    assert_eq!(tags["Tags"]["Items"], website_tags);

    let subscription = |id: &str| {
        run(
            &emulator.environment(),
            &["cloudfront", "get-monitoring-subscription", "--distribution-id", id],
        )
    };
    let enabled = subscription(&website.id);
    assert!(String::from_utf8_lossy(&enabled.stdout).contains("\"Enabled\""), "{enabled:?}");
    let disabled = subscription(&api.id);
    let error = String::from_utf8_lossy(&disabled.stderr);
    assert!(error.contains("NoSuchMonitoringSubscription"), "{error}");
}

#[test]
fn get_parameters_by_path_reads_on_through_an_empty_last_page() {
    let emulator = start(Options::default());
    let parameters = (0..20)
        .map(|n| Parameter::secure(format!("/hostless/config/{n:02}.yml"), format!("n: {n}")));
    emulator.set_parameters(parameters.chain([Parameter::secret("mackerel", "key")]));
    let arguments = [
        "ssm",
        "get-parameters-by-path",
        "--path",
        "/hostless",
        "--recursive",
        "--with-decryption",
    ];
    let answer = ask(&emulator, &arguments);
    let values: Vec<_> = answer["Parameters"]
        .as_array()
        .expect("parameters")
        .iter()
        .map(|parameter| parameter["Value"].as_str().expect("a value").to_owned())
        .collect();
    assert_eq!(values, (0..20).map(|n| format!("n: {n}")).collect::<Vec<_>>());
    assert_eq!(emulator.call_log().count("ssm:GetParametersByPath"), 3, "10, 10, and none");

    let encrypted = ask(&emulator, &arguments[..5]);
    let value = encrypted["Parameters"][0]["Value"].as_str().expect("a value");
    assert!(value.starts_with("AQICAH"), "{value}");
}

#[test]
fn a_secret_is_read_by_its_reference_and_a_missing_one_is_not_found() {
    let emulator = start(Options::default());
    emulator.set_parameters([Parameter::secret("mackerel", "the key")]);
    let get = |name: &str, more: &[&str]| {
        let arguments = ["ssm", "get-parameter", "--name", name];
        run(&emulator.environment(), &[&arguments[..], more].concat())
    };
    let reference = "/aws/reference/secretsmanager/mackerel";
    let found = get(reference, &["--with-decryption"]);
    assert!(String::from_utf8_lossy(&found.stdout).contains("the key"), "{found:?}");
    let encrypted = String::from_utf8_lossy(&get(reference, &[]).stderr).into_owned();
    assert!(encrypted.contains("ValidationException"), "{encrypted}");
    let missing = String::from_utf8_lossy(&get("/none", &[]).stderr).into_owned();
    assert!(missing.contains("ParameterNotFound"), "{missing}");
}

#[test]
fn an_assumed_role_acts_in_its_own_account() {
    let arn = "arn:aws:iam::222222222222:role/reader";
    let role = Role {
        ecs: BTreeMap::from([("eu-west-1".to_owned(), EcsFleet::sized(1, 1))]),
        arn: arn.to_owned(),
        external_id: Some("shared".to_owned()),
        fleet: Fleet::sized(3),
    };
    let emulator = start(Options { roles: vec![role], ..Options::default() });
    let base = ["sts", "assume-role", "--role-session-name", "test", "--role-arn", arn];
    let refused = run(&emulator.environment(), &base);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("AccessDenied"), "{refused:?}");

    let answer = ask(&emulator, &[&base[..], &["--external-id", "shared"]].concat());
    let credentials = &answer["Credentials"];
    let mut environment = emulator.environment();
    for (variable, member) in [
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        ("AWS_SESSION_TOKEN", "SessionToken"),
    ] {
        let value = credentials[member].as_str().expect("a credential").to_owned();
        environment.push((variable.to_owned(), value));
    }
    let identity = ask_as(&environment, &["sts", "get-caller-identity"]);
    assert_eq!(identity["Account"], "222222222222");
    let distributions = ask_as(&environment, &["cloudfront", "list-distributions"]);
    let items = distributions["DistributionList"]["Items"].as_array().expect("items");
    assert_eq!(items.len(), 3);
    let clusters = ask_as(&environment, &["ecs", "list-clusters", "--region", "eu-west-1"]);
    let arn = "arn:aws:ecs:eu-west-1:222222222222:cluster/cluster-0";
    assert_eq!(clusters, json!({"clusterArns": [arn]}));
    let accounts: Vec<String> = emulator.calls().into_iter().map(|call| call.account).collect();
    assert_eq!(accounts.last().map(String::as_str), Some("222222222222"));
}

#[test]
fn a_wrong_secret_is_refused_by_every_service() {
    let emulator = start(Options::default());
    let mut environment = emulator.environment();
    environment.push(("AWS_SECRET_ACCESS_KEY".to_owned(), "another".to_owned()));
    for (arguments, code) in [
        (["cloudwatch", "list-metrics"], "SignatureDoesNotMatch"),
        (["cloudfront", "list-distributions"], "SignatureDoesNotMatch"),
        (["sts", "get-caller-identity"], "SignatureDoesNotMatch"),
        (["ecs", "list-clusters"], "InvalidSignatureException"),
    ] {
        let output = run(&environment, &arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains(code), "{arguments:?}: {error}");
    }
    let output = run(&environment, &["ssm", "get-parameter", "--name", "/x"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("InvalidSignatureException"), "{error}");
}

#[test]
fn errors_and_throttling_are_understood() {
    let emulator = start(Options::default());
    let queries = queries("E1", &[("Requests", "Most")], 60);
    let mut arguments = vec!["cloudwatch", "get-metric-data", "--metric-data-queries", &queries];
    arguments.extend(WINDOW);
    let invalid = run(&emulator.environment(), &arguments);
    assert!(String::from_utf8_lossy(&invalid.stderr).contains("(ValidationError)"), "{invalid:?}");

    for (operation, arguments) in [
        ("cloudwatch:ListMetrics", ["cloudwatch", "list-metrics"]),
        ("cloudfront:ListDistributions", ["cloudfront", "list-distributions"]),
    ] {
        emulator.faults().push(Rule::on(operation, Fault::Throttle));
        let throttled = run(&emulator.environment(), &arguments);
        let error = String::from_utf8_lossy(&throttled.stderr);
        assert!(error.contains("(Throttling"), "{error}");
    }
}

#[test]
fn published_metrics_come_back() {
    let emulator = start(Options::default());
    let put = [
        "cloudwatch",
        "put-metric-data",
        "--namespace",
        "Shop",
        "--metric-name",
        "Orders",
        "--dimensions",
        "Site=main",
        "--timestamp",
        "2026-11-20T09:00:30Z",
        "--value",
    ];
    for value in ["3", "4.5"] {
        let output = run(&emulator.environment(), &[&put[..], &[value]].concat());
        assert!(output.status.success(), "{output:?}");
    }
    let query = json!([{
        "Id": "orders",
        "MetricStat": {
            "Metric": {"Namespace": "Shop", "MetricName": "Orders", "Dimensions": [{"Name": "Site", "Value": "main"}]},
            "Period": 300,
            "Stat": "Sum",
        },
    }])
    .to_string();
    let mut arguments = vec!["cloudwatch", "get-metric-data", "--metric-data-queries", &query];
    arguments.extend(&WINDOW[2..]);
    let answer = ask(&emulator, &arguments);
    assert_eq!(points(&answer)["orders"], [(NOW - 1620, 7.5)]);
}
