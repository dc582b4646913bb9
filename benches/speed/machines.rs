//! 500 machines on one controller. They are simulated: their consoles are ports of this program that
//! say a line each second, their power is a program that says how it is.

use std::io::{self, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, thread};

use melbot::lab::{Lab, Machine};

use crate::Bench;

const MACHINES: usize = 500;
/// What is measured: consoles are logged and classified, leases renewed as often as a client does.
const TIME: Duration = Duration::from_secs(30);
const LEASE: Duration = Duration::from_secs(30);

pub fn machines(bench: &Bench) -> io::Result<()> {
    let folder = bench.dir("machines");
    make(&folder, speak()?)?;
    in_one_process(&folder)?;
    one_process_each(&folder)?;
    fs::remove_dir_all(folder)
}

/// Consoles: each connection gets a line a second. Gives the port.
fn speak() -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let all: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
    let of_accepting = Arc::clone(&all);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            of_accepting.lock().unwrap_or_else(PoisonError::into_inner).push(stream);
        }
    });
    thread::spawn(move || {
        for second in 0_u64.. {
            let line =
                format!("[{second:>5}.000000] usb 1-1: new high-speed USB device number 2\r\n");
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain_mut(|stream| stream.write_all(line.as_bytes()).is_ok());
            drop(all);
            thread::sleep(Duration::from_secs(1));
        }
    });
    Ok(port)
}

fn name(number: usize) -> String {
    format!("m{number:03}")
}

fn make(folder: &Path, port: u16) -> io::Result<()> {
    fs::create_dir_all(folder.join("machines"))?;
    let text = format!(
        "[power]\ndriver = \"command\"\non = [\"true\"]\noff = [\"true\"]\nstatus = [\"echo\", \"on\"]\n\
         [console]\ndriver = \"tcp\"\naddress = \"127.0.0.1:{port}\"\n[exec]\ndriver = \"console\"\n\
         [boot]\ndriver = \"command\"\ninstall = []\nonce = []\n"
    );
    (0..MACHINES).try_for_each(|number| {
        fs::write(folder.join(format!("machines/{}.toml", name(number))), &text)
    })
}

fn in_one_process(folder: &Path) -> io::Result<()> {
    let before = memory(std::process::id())?;
    let lab = Lab::at(folder).map_err(io::Error::other)?;
    let opened = (0..MACHINES).map(|number| -> Result<_, melbot::lab::LabError> {
        let machine = lab.machine(&name(number))?;
        let console = machine.own_console()?;
        Ok((machine, console))
    });
    let all = opened.collect::<Result<Vec<_>, _>>().map_err(io::Error::other)?;
    let renew = |machine: &Machine| machine.grid.reserve("bench", "bench", LEASE).map(drop);
    let (began, cpu) = (Instant::now(), own_cpu());
    while began.elapsed() < TIME {
        for (machine, _) in &all {
            renew(machine).map_err(io::Error::other)?;
        }
        thread::sleep(LEASE / 5);
    }
    let spent = own_cpu() - cpu;
    let quiet =
        all.iter().filter(|(_, console)| console.as_ref().is_none_or(|c| c.tail().is_empty()));
    assert_eq!(quiet.count(), 0, "consoles that said nothing");
    let took = memory(std::process::id())?.saturating_sub(before);
    tell("500 machines in one process", took, spent, began.elapsed());
    let began = Instant::now();
    for (machine, _) in &all {
        machine.power.state().map_err(io::Error::other)?;
    }
    let each = began.elapsed() / MACHINES as u32;
    println!("{:<52} {each:>12.1?}", "  power of one of them, by a program");
    Ok(())
}

/// As `melbot client` and `melbot machine console` do it today.
fn one_process_each(folder: &Path) -> io::Result<()> {
    let start = |number| {
        Command::new(env!("CARGO_BIN_EXE_melbot"))
            .args(["machine", "console", &name(number), "--lab"])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
    };
    let mut all: Vec<Child> = (0..MACHINES).map(start).collect::<io::Result<_>>()?;
    let said = |number: usize| {
        let log = folder.join("state").join(name(number)).join("console/console.log");
        fs::metadata(log).map_or(0, |log| log.len())
    };
    let sizes: Vec<u64> = (0..MACHINES).map(said).collect();
    let settled = Instant::now();
    while (0..MACHINES).any(|number| said(number) == sizes[number]) {
        assert!(settled.elapsed() < Duration::from_secs(300), "a console does not speak");
        thread::sleep(Duration::from_millis(200));
    }
    let cpu = || all.iter().map(|child| cpu_of(child.id())).sum::<io::Result<Duration>>();
    let (began, before) = (Instant::now(), cpu()?);
    thread::sleep(TIME);
    let spent = cpu()? - before;
    let took = all.iter().map(|child| memory(child.id())).sum::<io::Result<u64>>()?;
    tell("500 machines, a process each", took, spent, began.elapsed());
    for child in &mut all {
        child.kill()?;
        child.wait()?;
    }
    Ok(())
}

fn tell(what: &str, memory: u64, cpu: Duration, wall: Duration) {
    let each = memory as f64 / MACHINES as f64 / 1e3;
    let share = 1e3 * cpu.as_secs_f64() / wall.as_secs_f64() / MACHINES as f64;
    println!("{what:<52} {each:>9.0} kB {share:>6.2} ms CPU/s each");
}

/// Bytes of a process, what it shares counted in parts.
fn memory(process: u32) -> io::Result<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kilobytes.map(|kilobytes| kilobytes * 1024).ok_or_else(|| io::Error::other("no Pss"))
}

fn own_cpu() -> Duration {
    cpu_of(std::process::id()).unwrap_or_default()
}

/// User and system time; the kernel counts in hundredths of a second.
fn cpu_of(process: u32) -> io::Result<Duration> {
    let text = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks =
        fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
    Ok(Duration::from_millis(10 * ticks.sum::<u64>()))
}
