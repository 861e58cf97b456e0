#![no_main]

#[path = "../properties/target_groups.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|input: &[u8]| property::check(input));
