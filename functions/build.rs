//! Links a function at a fixed address: the build script of all of them.
//!
//! A binary that can be loaded anywhere (Rust's default) is full of addresses that the loader has to set right at each
//! start: 33,000 of them here, on 200 pages that no longer can be shared with the file. That is a fifth of the time until
//! the function asks for its first event. Stack, heap and libraries stay at random addresses.

fn main() {
    println!("cargo::rerun-if-changed=../build.rs");
    #[expect(clippy::disallowed_methods, reason = "cargo tells a build script its target so")]
    let target = std::env::var("CARGO_CFG_TARGET_OS");
    if target.as_deref() == Ok("linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
