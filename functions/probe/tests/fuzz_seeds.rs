//! Replays the seeds of this crate's fuzz targets.

#[path = "../../../fuzz/properties/dns_answer.rs"]
mod dns_answer;
#[path = "../../../fuzz/properties/http_answer.rs"]
mod http_answer;
#[path = "../../../fuzz/properties/module_config.rs"]
mod module_config;

#[test]
fn dns_answer_holds_for_its_seeds() {
    cases::seeds::of("dns_answer", 20).iter().for_each(|seed| dns_answer::check(seed));
}

#[test]
fn http_answer_holds_for_its_seeds() {
    cases::seeds::of("http_answer", 12).iter().for_each(|seed| http_answer::check(seed));
}

#[test]
fn module_config_holds_for_its_seeds() {
    cases::seeds::of("module_config", 10).iter().for_each(|seed| module_config::check(seed));
}
