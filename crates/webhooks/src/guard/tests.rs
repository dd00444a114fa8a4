use super::*;

fn denied(guard: &Guard, url: &str) -> Option<DeniedUrl> {
    guard.check(&WebhookUrl::new(url).unwrap()).err()
}

/// One address of each denied range, and its last one.
const NOT_ON_THE_INTERNET: [&str; 40] = [
    "0.0.0.0",
    "0.255.255.255",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fe80::1",
    "ff02::1",
];

#[test]
fn no_address_inside_a_network_is_called() {
    let guard = Guard::default();
    for address in NOT_ON_THE_INTERNET {
        let address: IpAddr = address.parse().unwrap();
        assert!(!guard.allows(address), "{address}, resolved");
        let url = match address {
            IpAddr::V4(address) => format!("https://{address}/hook"),
            IpAddr::V6(address) => format!("https://[{address}]/hook"),
        };
        assert_eq!(denied(&guard, &url), Some(DeniedUrl::Address), "{url}");
    }
}

#[test]
fn addresses_on_the_internet_are_called() {
    let guard = Guard::default();
    for address in [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "::ffff:8.8.8.8",
        "2001:4860:4860::8888",
        "2606:4700::1111",
        "2a00:1450::1",
    ] {
        assert!(guard.allows(address.parse().unwrap()), "{address}");
    }
}

#[test]
fn no_spelling_of_an_address_passes() {
    for url in [
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://%31%32%37.0.0.1/",
        "https://[::ffff:7f00:1]/",
        "https://[0:0:0:0:0:ffff:10.0.0.1]:8443/",
        "https://１２７.0.0.1/",
    ] {
        assert_eq!(denied(&Guard::default(), url), Some(DeniedUrl::Address), "{url}");
    }
}

#[test]
fn the_form_of_a_url_is_checked() {
    use DeniedUrl::{Port, Scheme, Unreadable, UserInfo};
    for (url, expected) in [
        ("https://client.example/hook?x=1", None),
        ("https://client.example:8443/", None),
        ("https://client.example:443/", None),
        ("http://client.example/", Some(Scheme)),
        ("https://client.example:22/", Some(Port)),
        ("https://client.example:80/", Some(Port)),
        ("https://client.example:0/", Some(Port)),
        ("https://user@client.example/", Some(UserInfo)),
        ("https://:pass@client.example/", Some(UserInfo)),
        ("https://client.example@127.0.0.1/", Some(UserInfo)),
        ("https://client.example\\@127.0.0.1/", None),
        ("https://", Some(Unreadable)),
        ("https://a:99999/", Some(Unreadable)),
        ("https://[::1/", Some(Unreadable)),
    ] {
        assert_eq!(denied(&Guard::default(), url), expected, "{url}");
    }
}

#[test]
fn the_host_is_what_stands_before_a_backslash() {
    let url = WebhookUrl::new("https://client.example\\@127.0.0.1/").unwrap();
    let url = Guard::default().check(&url).unwrap();
    assert_eq!(url.host_str(), Some("client.example"));
}

#[test]
fn what_the_configuration_allows_is_called() {
    let guard = Guard {
        allow_networks: vec!["127.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()],
        allow_http: true,
        allow_ports: vec![9000],
    };
    for url in [
        "http://127.0.0.1:9000/",
        "https://127.0.0.1/",
        "https://[fd00::1]/",
        "https://[::ffff:127.0.0.1]/",
    ] {
        assert_eq!(denied(&guard, url), None, "{url}");
    }
    assert_eq!(denied(&guard, "https://10.0.0.1/"), Some(DeniedUrl::Address));
    assert_eq!(denied(&guard, "http://127.0.0.1:9001/"), Some(DeniedUrl::Port));
    assert_eq!(denied(&guard, "http://127.0.0.1/"), Some(DeniedUrl::Port));
}
