//! The demo: what a newcomer sees first.

use std::time::Duration;

use emulators::receivers::remote_write::{Options, Personality, RemoteWriteReceiver};

use crate::hostless::hostless;

#[test]
fn the_demo_tells_of_an_hour_that_arrived_whole() {
    let demo = hostless(&[], &[]);
    assert_eq!((demo.code, &*demo.err), (Some(0), ""), "{}", demo.out);
    for line in [
        "hostless       AWS metrics and probes to Prometheus and Mackerel, without a host",
        "Configuration  ssm:/hostless/config",
        "  ecs: {}",
        "    - job_name: blackbox",
        "      api_key_file: ssm:/hostless/secret/mackerel-api-key",
        "  09:07 ● ● ● ● ○ ○ ● ● ● ● ● ● 10:02 UTC",
        "  ○ Mackerel was down at 09:27 and 09:32; Prometheus got its samples on time.",
        "  ▼ The site was down at 09:32 and 09:37: probe_success is 0 there, and",
        "  CloudFront  2,274 samples in  40 series: 6 distributions, 1 without traffic",
        "  aws_cloudfront_requests_sum",
        "  Probes        338 samples in  29 series: 1 site over TLS",
        "  ecs_service_running_tasks",
        "  probe_duration_seconds",
        "  cargo run -- check --config hostless.yml",
    ] {
        assert!(demo.out.lines().any(|drawn| drawn == line), "{line} is not in\n{}", demo.out);
    }
    let of = |beginning: &str| {
        let found = demo.out.lines().find(|line| line.starts_with(beginning));
        found.unwrap_or_else(|| panic!("{beginning} is not in\n{}", demo.out))
    };
    for sink in ["  ✔ remote_write:amp", "  ✔ mackerel:production"] {
        assert!(of(sink).ends_with(", none missing, none twice"), "{}", of(sink));
    }
    let blocks = |line: &str| line.chars().filter(|c| ('▁'..='█').contains(c)).count();
    assert_eq!(blocks(of("  cloudfront.origin_latency_p90.www_example_com")), 20);
    assert_eq!(blocks(of("  ecs.memory_utilization_maximum.production-api")), 20, "it leaks");
    let killed = of("  ecs.stopped_tasks_out_of_memory.production-api");
    assert_eq!((blocks(killed), killed.matches('█').count()), (12, 1), "{killed}");
    let success = of("  probe.success.www_example_com");
    assert!(success.ends_with("1  █████▁▁█████"), "{success}");
    let days = of("  probe.cert_days.www_example_com");
    assert!(days.contains(" 63.0 days "), "{days}");
}

#[test]
fn a_pipe_gets_neither_colours_nor_progress_and_fits_a_terminal() {
    let demo = hostless(&[], &[("TERM", "xterm-256color")]);
    assert_eq!(demo.code, Some(0));
    assert!(!demo.out.contains(['\x1b', '\r']), "{}", demo.out);
    for line in demo.out.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn the_users_own_aws_account_and_proxy_are_left_alone() {
    let nowhere = "http://127.0.0.1:1";
    let demo = hostless(
        &[],
        &[
            ("AWS_ENDPOINT_URL", nowhere),
            ("AWS_ACCESS_KEY_ID", "AKIAUSERSOWN"),
            ("AWS_SECRET_ACCESS_KEY", "own"),
            ("AWS_REGION", "eu-west-1"),
            ("HTTP_PROXY", nowhere),
            ("http_proxy", nowhere),
            ("HOSTLESS_CONFIG", "/nowhere"),
            ("HOSTLESS_INTERVAL", "never"),
        ],
    );
    assert_eq!((demo.code, &*demo.err), (Some(0), ""), "{}", demo.out);
}

#[test]
fn a_real_receiver_gets_an_hour_that_it_still_takes() {
    let personality = Personality::Prometheus { ooo_window: Duration::ZERO };
    let receiver = RemoteWriteReceiver::start(Options { personality, ..Options::default() });
    let url = receiver.url();
    let demo = hostless(&["--remote-write", &url], &[]);
    assert_eq!((demo.code, &*demo.err), (Some(0), ""), "{}", demo.out);
    assert_eq!(receiver.violations(), Vec::<String>::new());
    let names = receiver.samples(&[("__name__", "aws_cloudfront_requests_sum")]);
    let samples = names.values().find(|samples| samples.len() == 55);
    let samples = samples.expect("a distribution with traffic in each of 55 minutes");
    let now = receiver.requests().last().expect("a request").arrived_ms;
    let oldest = *samples.keys().next().expect("a sample");
    assert!(now - oldest < 3_600_000, "AMP would refuse {} ms", now - oldest);
    let probes = receiver.samples(&[("__name__", "probe_success"), ("job", "blackbox")]);
    let probes: Vec<usize> = probes.values().map(|samples| samples.len()).collect();
    assert_eq!(probes, [11], "one target, eleven runs");

    let again = hostless(&["--remote-write", &url], &[]);
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("DeliveryError"), "{}", again.err);
    assert!(again.err.contains("from an earlier demo say"), "{}", again.err);
}

#[test]
fn a_receiver_that_does_not_take_the_demo_ends_it() {
    let receiver = RemoteWriteReceiver::start(Options::default());
    let url = receiver.url().replace("/write", "/wrong");
    let demo = hostless(&["--remote-write", &url], &[]);
    assert_eq!(demo.code, Some(1));
    assert!(demo.err.contains("DeliveryError"), "{}", demo.err);
    assert!(demo.err.contains("404"), "{}", demo.err);
}

#[test]
fn credentials_in_a_receivers_url_are_not_shown() {
    let receiver = RemoteWriteReceiver::start(Options::default());
    let url = receiver.url().replace("http://", "http://somebody:hunter2@");
    let demo = hostless(&["--remote-write", &url], &[]);
    assert!(!format!("{}{}", demo.out, demo.err).contains("hunter2"), "{}{}", demo.out, demo.err);
}

#[test]
fn wrong_usage_exits_with_two() {
    for arguments in [
        &["--remote-write", "localhost:9090"][..],
        &["--remote-write", "nonsense"],
        &["--no-such-option"],
        &["no-such-command"],
    ] {
        let ended = hostless(arguments, &[]);
        assert_eq!(ended.code, Some(2), "{arguments:?}");
        assert_eq!(ended.out, "", "{arguments:?}");
        assert!(ended.err.starts_with("error: "), "{}", ended.err);
    }
}
