//! OPT, the record that is none ([RFC 6891](https://www.rfc-editor.org/rfc/rfc6891)). We never ask for it, so only a server
//! that answers what nobody asked sends one: it is counted, and printed with its options as numbers.

use super::field::{display, hex};
use super::wire::{Malformed, Reader};

/// The record as text. Its class is a size, its TTL is flags.
pub(super) fn text(size: u16, flags: u32, data: &mut Reader<'_>) -> Result<String, Malformed> {
    let [_, version, ..] = flags.to_be_bytes();
    let wants_signatures = if flags & 0x8000 == 0 { "" } else { "do" };
    let mut text = format!(
        "\n;; OPT PSEUDOSECTION:\n; EDNS: version {version}; flags: {wants_signatures}; udp: {size}"
    );
    while !data.is_done() {
        let code = data.u16()?;
        let length = data.u16()?;
        display(format_args!("\n; LOCAL OPT: {code}:0x"), &mut text);
        hex(data.take(usize::from(length))?, &mut text);
    }
    Ok(text)
}
