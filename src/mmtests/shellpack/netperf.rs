//! Network throughput and round trips (netperf).
//!
//! `protocols` names the kind of test; `<PROTOCOL>-<size>.<sample>` is netperf's output, which has
//! the result in lines of nothing but numbers.

use super::words::{last_words, number, operation, words};
use super::{Metric, Parsed, Shellpack, Source};
use crate::mmtests::logs::Text;
use crate::model::SummaryKind;

/// Network throughput, by the size of messages. Names like `netperf-ipv4-udp-rr` lead here.
pub const NETPERF: Shellpack = Shellpack {
    name: "netperf",
    aliases: &[],
    title: "Network throughput (netperf)",
    kind: SummaryKind::Multiops,
    decimals: 2,
    metrics: &[
        // MMTests takes more lost packets for better.
        Metric::lower("udpstream-loss", "Mbit/s"),
        Metric::higher("tcprr", "trans/s"),
        Metric::higher("udprr", "trans/s"),
        Metric::higher("", "Mbit/s"),
    ],
    parse,
};

/// The kinds of tests, for where `protocols` is missing.
const PROTOCOLS: [&str; 5] = ["TCP_STREAM", "UDP_STREAM", "TCP_RR", "UDP_RR", "STREAM_STREAM"];

const REPEAT: &str = "check that netserver was reachable from the test machine and repeat the run";

fn parse(source: &Source, out: &mut Parsed) {
    let protocols = out.read(&source.logs, "protocols");
    match protocols.as_ref().and_then(|text| text.as_str().lines().next()).map(str::trim) {
        Some(protocol) if !protocol.is_empty() => all_of(protocol, source, out),
        _ => PROTOCOLS.iter().for_each(|protocol| all_of(protocol, source, out)),
    }
}

fn all_of(protocol: &str, source: &Source, out: &mut Parsed) {
    let start = format!("{protocol}-");
    let metric = protocol.to_lowercase().replace('_', "");
    for (name, rest) in source.logs.between(&start, "") {
        let Some((size, sample)) = rest.rsplit_once('.') else { continue };
        let Ok(sample) = sample.parse::<u32>() else { continue };
        let Some(text) = out.read(&source.logs, name) else { continue };
        let log = Log { text: &text, metric: &metric, size, sample: sample.into() };
        if protocol == "UDP_STREAM" { log.datagrams(out) } else { log.stream(out) }
    }
}

/// A number, and the line it stands in.
type Found = Option<(u64, f64)>;

struct Log<'l> {
    text: &'l Text,
    metric: &'l str,
    size: &'l str,
    sample: f64,
}

impl Log<'_> {
    /// What only the sender tells: the last of at least five numbers.
    fn stream(&self, out: &mut Parsed) {
        self.expect(out, &["send"]);
        let send = self.last_column(out, |columns| columns > 4);
        self.add(out, "send", send);
    }

    /// Datagrams may get lost: six numbers of the sender, four of the receiver.
    fn datagrams(&self, out: &mut Parsed) {
        self.expect(out, &["send", "recv"]);
        let send = self.last_column(out, |columns| columns == 6);
        let recv = self.last_column(out, |columns| columns == 4);
        if send.is_none() && recv.is_none() {
            return self.nothing(out, "throughput");
        }
        self.add(out, "send", send);
        self.add(out, "recv", recv);
        if let (Some((_, send)), Some((line, recv))) = (send, recv)
            && send - recv > send / 10.0
        {
            // netperf prints hundredths; binary fractions are not to show in the difference.
            let loss = ((send - recv) * 100.0).round() / 100.0;
            out.add((self.text, line), &self.operation("loss"), self.sample, loss);
        }
    }

    /// Names the operations that the log is about, so that they show up even if it tells nothing.
    fn expect(&self, out: &mut Parsed, sides: &[&str]) {
        for side in sides {
            out.samples.operation(&self.operation(side));
        }
    }

    /// The last number of the last line with so many numbers and no letters.
    fn last_column(&self, out: &mut Parsed, fits: fn(usize) -> bool) -> Found {
        let numbers = |(_, line): &(u64, &str)| {
            !line.bytes().any(|byte| byte.is_ascii_alphabetic()) && fits(words(line).count())
        };
        let (line, content) = self.text.lines().filter(numbers).last()?;
        let value = content.split_ascii_whitespace().next_back().and_then(number);
        if value.is_none() {
            out.complain((self.text, line), "the throughput is no number");
        }
        Some((line, value?))
    }

    fn add(&self, out: &mut Parsed, side: &str, found: Found) {
        let Some((line, value)) = found else {
            return self.nothing(out, &format!("{side} throughput"));
        };
        out.add((self.text, line), &self.operation(side), self.sample, value);
        if value == 0.0 {
            let what = format!("a {side} throughput of zero: nothing was measured");
            out.complain((self.text, line), what);
        }
    }

    fn nothing(&self, out: &mut Parsed, of: &str) {
        out.warn(self.text.path(), format!("no {of}, {}", last_words(self.text)), REPEAT);
    }

    fn operation(&self, side: &str) -> String {
        operation(self.metric, &[side, self.size])
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, rows};

    const UDP: &str = "MIGRATED UDP STREAM TEST from 0.0.0.0 (0.0.0.0) port 0 AF_INET : demo\n\
        Interim result:    5.04 10^6bits/s over 1.010 seconds ending at 1795355651.808\n\
        !!! Confidence intervals: Throughput      : 477.132%\n\
        Socket  Message  Elapsed      Messages                \n\
        Size    Size     Time         Okay Errors   Throughput\n\
        bytes   bytes    secs            #      #   10^6bits/sec\n\n\
        212992      64   1.66           13      0     174.35\n\
        212992           1.66           13             53.64\n\n";

    #[test]
    fn sent_received_and_lost_datagrams() {
        let out = parse("netperf-udp", &[("protocols", "UDP_STREAM\n"), ("UDP_STREAM-64.1", UDP)]);
        let expected = [
            ("udpstream-send-64", 1.0, 174.35),
            ("udpstream-recv-64", 1.0, 53.64),
            ("udpstream-loss-64", 1.0, 120.71),
        ];
        assert_eq!(rows(&out), expected);
        assert!(out.problems.is_empty());
    }

    #[test]
    fn samples_and_sizes_in_natural_order_without_protocols() {
        let log = "131072  16384   1024    1.30        9.00   \n";
        let names = ["TCP_STREAM-1024.1", "TCP_STREAM-64.10", "TCP_STREAM-64.2"];
        let out = parse("netperf-tcp", &names.map(|name| (name, log)));
        let expected = [
            ("tcpstream-send-64", 2.0, 9.0),
            ("tcpstream-send-64", 10.0, 9.0),
            ("tcpstream-send-1024", 1.0, 9.0),
        ];
        assert_eq!(rows(&out), expected);
    }

    #[test]
    fn a_missing_throughput_is_no_zero() {
        let log = "Netperf could not resolve 127.0.0.1 as a host name\n";
        let out = parse("netperf-tcp", &[("protocols", "TCP_STREAM\n"), ("TCP_STREAM-64.1", log)]);
        assert!(out.samples.is_empty());
        assert_eq!(
            out.problems[0].what,
            "no send throughput, it ends with \"Netperf could not resolve 127.0.0.1 as a host name\""
        );
    }

    #[test]
    fn a_printed_zero_is_a_zero_and_a_problem() {
        let log = "131072  16384   1024    1.30        0.00   \n";
        let out = parse("netperf-tcp", &[("TCP_STREAM-64.1", log)]);
        assert_eq!(rows(&out), [("tcpstream-send-64", 1.0, 0.0)]);
        assert_eq!(out.problems[0].line, Some(1));
    }
}
