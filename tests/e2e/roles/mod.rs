//! Each function's role against what the function did: it allows that, and nothing else.
//!
//! A function runs with every feature that takes a permission, against emulators that write down each call. [`grants`]
//! says what the calls take, in the words of AWS's [Service Authorization
//! Reference](https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html);
//! [`template`] says what the role in `template.yaml` gives. The two sets are the same.
//!
//! A function is one test here: its type, its name in the template, its sections.

mod grants;
mod template;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cloudfront::CloudFront;
use ecs::Ecs;
use emulators::aws::{Options as AwsOptions, Parameter, Role};
use emulators::faults::{Fault, Rule};
use emulators::receivers::present::Present;
use emulators::receivers::remote_write::{
    Auth, Options as ReceiverOptions, Personality, RemoteWriteReceiver, SigV4,
};
use emulators::traffic::Fleet;
use emulators::traffic::ecs::EcsFleet;
use probe::Probe;
use runtime::{Function, Handler, environment};
use tests::{Setup, World, minute};

use grants::Grant;
use template::Template;

const REGION: &str = "ap-northeast-1";
const ACCOUNT: &str = "123456789012";
const BUCKET: &str = "hostless";
const READER: &str = "arn:aws:iam::222222222222:role/reader";
const WRITER: &str = "arn:aws:iam::333333333333:role/writer";
const WORKSPACE: &str = "arn:aws:aps:ap-northeast-1:123456789012:workspace/ws-1";
const SECRET: &str =
    "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:hostless/token-AbCdEf";

/// Every way to deliver that takes a permission.
const SINKS: &str = "
remote_write:
  - {url: '{workspace}', name: own, sigv4: {region: ap-northeast-1}}
  - {url: '{workspace}', name: role, sigv4: {region: ap-northeast-1, role_arn: 'arn:aws:iam::333333333333:role/writer'}}
  - {url: '{receiver}', name: secret, authorization: {credentials_file: 'secretsmanager:hostless/token'}}
mackerel:
  - {service: production, api_key_file: 'ssm:/hostless/secret/mackerel-api-key', base_url: '{mackerel}'}
";

/// `ConfigSource`, and the location that it stands for.
const PLACES: [(&str, &str); 2] =
    [("ssm", "ssm:/hostless/config"), ("bucket", "s3://hostless/config")];

#[tokio::test]
async fn the_role_of_cloudfront_allows_what_the_function_did_and_nothing_else() {
    let other_account = format!("cloudfront: {{roles: [{{role_arn: '{READER}'}}]}}");
    review::<CloudFront>("CloudFront", &["cloudfront: {}", &other_account]).await;
}

#[tokio::test]
async fn the_role_of_ecs_allows_what_the_function_did_and_nothing_else() {
    let other_account = format!("ecs: {{roles: [{{role_arn: '{READER}'}}]}}");
    let everything = "ecs: {container_insights: true, per_task: true}";
    review::<Ecs>("Ecs", &[everything, &other_account]).await;
}

#[tokio::test]
async fn the_role_of_probe_allows_what_the_function_did_and_nothing_else() {
    // Nobody listens there, which is an answer. What its module sends is a secret of the function's own path.
    let section = "
modules:
  closed: {prober: tcp, timeout: 1s}
  key: {prober: http, timeout: 1s, http: {authorization: {credentials_file: ssm:/hostless/secret/mackerel-api-key}}}
scrape_configs:
  - job_name: closed
    metrics_path: /probe
    params: {module: [closed], target: ['127.0.0.1:1']}
    static_configs: [{targets: [one]}]
  - job_name: key
    metrics_path: /probe
    params: {module: [key], target: ['http://127.0.0.1:1/']}
    static_configs: [{targets: [other]}]";
    review::<Probe>("Probe", &[section]).await;
}

/// Runs a function with each of these sections, and compares. `name` begins the names of its resources in the template.
async fn review<F: Function>(name: &str, sections: &[&str]) {
    let template = Template::read();
    for (source, location) in PLACES {
        let mut taken = grants::of_lambda_itself(name);
        for section in sections {
            taken.extend(exercise::<F>(section, location).await);
        }
        let named = [READER, WRITER].into_iter();
        let named = named.filter(|role| SINKS.contains(role) || sections.concat().contains(role));
        let given =
            template.given(&format!("{name}Role"), &parameters(source, &named.collect::<Vec<_>>()));
        let missing: Vec<_> = taken.difference(&given).collect();
        let idle: Vec<_> = given.difference(&taken).collect();
        assert!(
            missing.is_empty() && idle.is_empty(),
            "{name}Role, configuration in {source}\nthe function needs: {missing:#?}\nnothing uses: {idle:#?}"
        );
    }
}

/// The template's parameters as the worlds here are. `named`: the roles that the configuration names.
fn parameters(source: &str, named: &[&str]) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("ConfigSource", source.to_owned()),
        ("SecretArns", SECRET.to_owned()),
        ("AmpWorkspaceArns", WORKSPACE.to_owned()),
        ("RoleArnsToAssume", named.join(",")),
    ])
}

/// Everything that a function may come across: a first run, a run whose sinks are down, one that drains what waits and finds
/// a body that nobody can read. What its calls take.
async fn exercise<F: Function>(section: &str, location: &str) -> BTreeSet<Grant> {
    let (world, workspace) = world(section);
    let handler: Handler<F> = world.function(&[(environment::CONFIG, location)]).await;
    let run = async |minutes: i64| {
        workspace.now().set_ms(minute(minutes).as_millis());
        world.run(&handler, minute(minutes)).await
    };
    let first = run(5).await;
    assert_eq!((first.failure, first.report.errors), (None, vec![]), "{section}");
    let sinks = [
        world.receiver.faults().clone(),
        world.mackerel.faults().clone(),
        workspace.faults().clone(),
    ];
    for faults in &sinks {
        faults.push(Rule::on("", Fault::Status(404, "gone".to_owned())).forever());
    }
    run(6).await.failure.expect("no sink takes anything");
    sinks.iter().for_each(emulators::faults::Faults::clear);
    let spooled = world.aws.objects(BUCKET).into_iter().find(|key| key.starts_with("spool/"));
    if let Some(key) = spooled {
        world.aws.put_object(BUCKET, &key, "this is no body");
    }
    run(7).await;
    assert_eq!(run(8).await.failure, None, "{section}");
    let calls = world.aws.calls().into_iter().filter(|call| call.account == ACCOUNT);
    let taken = calls.flat_map(|call| grants::of_call(&call));
    let own_key = &world.aws.key().access_key;
    let writes = workspace.requests().into_iter().filter(|request| {
        let authorization = request.headers["authorization"].to_str().expect("text");
        authorization.contains(&format!("Credential={own_key}/"))
    });
    taken.chain(writes.map(|_| grants::of_remote_write(&workspace.url()))).collect()
}

fn clusters() -> BTreeMap<String, EcsFleet> {
    BTreeMap::from([(REGION.to_owned(), EcsFleet::demo())])
}

/// A world with a configuration in both places, and a workspace that knows its keys.
fn world(section: &str) -> (World, RemoteWriteReceiver) {
    let role = |arn: &str| Role {
        arn: arn.to_owned(),
        external_id: None,
        fleet: Fleet::demo(),
        ecs: clusters(),
    };
    let roles = vec![role(READER), role(WRITER)];
    let aws = AwsOptions { ecs: clusters(), roles, ..AwsOptions::default() };
    let world = World::new(Setup { aws, interval_seconds: 60, ..Setup::default() });
    let now = Present::fixed_ms(minute(0).as_millis());
    let signatures =
        SigV4 { verifier: world.aws.verifier(), region: REGION.to_owned(), now: now.clone() };
    let workspace = RemoteWriteReceiver::start(ReceiverOptions {
        personality: Personality::Amp { ooo_window: Duration::from_secs(600) },
        now,
        path: "/workspaces/ws-1/api/v1/remote_write".to_owned(),
        auth: Auth::SigV4(signatures),
        ..ReceiverOptions::default()
    });
    let config = format!("{section}{SINKS}")
        .replace("{workspace}", &workspace.url())
        .replace("{receiver}", &world.receiver.url())
        .replace("{mackerel}", &world.mackerel.url());
    world.aws.put_parameter(Parameter::secure("/aws/reference/secretsmanager/hostless/token", "t"));
    world.aws.put_parameter(Parameter::secure("/hostless/config/main", &config));
    world.aws.put_object(BUCKET, "config/main.yml", config);
    (world, workspace)
}
