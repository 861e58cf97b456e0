#![no_main]

#[path = "../properties/module_config.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|input: &[u8]| property::check(input));
