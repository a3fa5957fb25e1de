//! Where a server listens.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

use serde::Deserialize;

/// An address and a port. No names are looked up but `localhost`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct ListenAddress(pub(crate) SocketAddr);

/// The text is no address with a port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an address is IP:PORT, such as 127.0.0.1:8484 or [::1]:8484")]
pub(crate) struct NotAnAddress;

impl Default for ListenAddress {
    fn default() -> Self {
        const PORT: u16 = 8484;
        Self(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)))
    }
}

impl FromStr for ListenAddress {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        if let Some(port) = text.strip_prefix("localhost:") {
            let port: u16 = port.parse().map_err(|_error| NotAnAddress)?;
            return Ok(Self(SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
        }
        text.parse().map(Self).map_err(|_error| NotAnAddress)
    }
}

impl TryFrom<String> for ListenAddress {
    type Error = NotAnAddress;

    fn try_from(text: String) -> Result<Self, NotAnAddress> {
        text.parse()
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_with_ports() {
        for (text, address) in [
            ("127.0.0.1:8484", "127.0.0.1:8484"),
            ("localhost:0", "127.0.0.1:0"),
            ("[::1]:80", "[::1]:80"),
        ] {
            assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), address);
        }
        for text in [
            "",
            "8484",
            "localhost",
            "localhost:x",
            "example:80",
            "127.0.0.1",
        ] {
            assert_eq!(text.parse::<ListenAddress>(), Err(NotAnAddress), "{text:?}");
        }
    }
}
