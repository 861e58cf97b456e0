//! Probes as a table says them: a module and a target each, all of them in one job.

use std::collections::BTreeMap;

use emulators::receivers::remote_write::Labels;
use tests::blackbox::SCRAPE_TIMEOUT;

use super::site::Site;
use super::{function, newest, run, world};

/// One probe.
pub(super) struct Case {
    /// Also the module's name.
    pub(super) name: &'static str,
    /// What stands in the module.
    pub(super) module: &'static str,
    pub(super) target: &'static str,
    /// What the original says to it: without that a test could compare two failures and never know.
    pub(super) succeeds: bool,
}

/// Reads a table: a line each, `good` or `bad`, name, module and target between ` | `; `#` begins a remark.
pub(super) fn cases(table: &'static str) -> Vec<Case> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| match line.split(" | ").collect::<Vec<_>>()[..] {
            [outcome @ ("good" | "bad"), name, module, target] => {
                Case { name, module, target, succeeds: outcome == "good" }
            }
            _ => panic!("no case: {line}"),
        })
        .collect()
}

/// What a probe said.
pub(super) type Said = BTreeMap<Labels, f64>;

/// Writes `blackbox.yml` and `prometheus.yml`, and says what stands in the first.
pub(super) fn configure(site: &Site, cases: &[Case]) -> String {
    let modules = site.filled(&modules(cases));
    site.write("blackbox.yml", &modules);
    site.write("prometheus.yml", &jobs(cases));
    modules
}

/// What the function delivers, by module.
pub(super) async fn ours(site: &Site) -> BTreeMap<String, Said> {
    let world = world(site);
    let handler = function(&world, site).await;
    run(&world, &handler, 1).await;
    let mut ours: BTreeMap<String, Said> = BTreeMap::new();
    for (mut labels, value) in newest(&world.receiver) {
        if labels["__name__"] == "up" || labels["__name__"].starts_with("scrape_") {
            continue;
        }
        assert_eq!(labels.remove("job").as_deref(), Some("blackbox"));
        labels.remove("instance").expect("an instance");
        let module = labels.remove("module").expect("the module, as the job says");
        ours.entry(module).or_default().insert(labels, value);
    }
    ours
}

fn modules(cases: &[Case]) -> String {
    let module = |case: &Case| format!("  \"{}\": {{{}}}\n", case.name, case.module);
    format!("modules:\n{}", cases.iter().map(module).collect::<String>())
}

/// One job for all of them, in the form that everybody uses.
fn jobs(cases: &[Case]) -> String {
    let group = |case: &Case| {
        format!("      - {{targets: ['{}'], labels: {{module: \"{}\"}}}}\n", case.target, case.name)
    };
    format!(
        "global: {{scrape_interval: 1m, scrape_timeout: {SCRAPE_TIMEOUT}s}}
scrape_configs:
  - job_name: blackbox
    metrics_path: /probe
    static_configs:
{}    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [module], target_label: __param_module}}
      - {{source_labels: [__param_target], target_label: instance}}
      - {{target_label: __address__, replacement: '127.0.0.1:9115'}}
",
        cases.iter().map(group).collect::<String>()
    )
}
