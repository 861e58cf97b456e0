#![no_main]

#[path = "../properties/go_regex.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|input: &[u8]| property::check(input));
