//! Switching machines on and off.
//!
//! A driver only passes on what it is told. [`ensure`] asks until it is so: power controllers say OK
//! and do nothing, or do it seconds later.

mod command;
mod ipmi;
mod powerman;
mod redfish;

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use super::error::LabError;

pub use command::CommandPower;
pub use ipmi::Bmc;
pub use powerman::Powerman;
pub use redfish::{Redfish, RedfishPower};

/// Whether a machine has power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerState {
    /// It has.
    On,
    /// It has not.
    Off,
}

impl fmt::Display for PowerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PowerState::On => "on",
            PowerState::Off => "off",
        })
    }
}

/// What switches a machine. Each call returns when the command was passed on; none waits for it to
/// have an effect.
pub trait Power: Send + Sync {
    /// Gives it power. No harm if it has.
    fn on(&self) -> Result<(), LabError>;

    /// Takes its power away. No harm if it has none.
    fn off(&self) -> Result<(), LabError>;

    /// Asks its system to shut down; `false` if the driver cannot.
    fn soft_off(&self) -> Result<bool, LabError> {
        Ok(false)
    }

    /// How it is now.
    fn state(&self) -> Result<PowerState, LabError>;
}

/// How often the state is looked at.
const POLL: Duration = Duration::from_millis(500);

/// Switches a machine and looks until it is so; asks a second time half way through.
pub fn ensure(power: &dyn Power, wanted: PowerState, within: Duration) -> Result<(), LabError> {
    let switch = || match wanted {
        PowerState::On => power.on(),
        PowerState::Off => power.off(),
    };
    let began = Instant::now();
    let mut said = switch();
    let mut again = true;
    loop {
        let state = power.state();
        if state == Ok(wanted) {
            return Ok(());
        }
        let spent = began.elapsed();
        if spent >= within {
            let why = match (said, state) {
                (Err(error), _) | (Ok(()), Err(error)) => error.what,
                (Ok(()), Ok(state)) => format!("the driver said OK, but it is {state}"),
            };
            return Err(LabError::new(
                format!("power is not {wanted} after {} s: {why}", within.as_secs()),
                "look at the power controller, and try melbot machine power",
            ));
        }
        if again && spent >= within / 2 {
            again = false;
            said = switch();
        }
        thread::sleep(POLL.min(within - spent));
    }
}

/// Shuts a machine down as its system likes it, and takes its power away if that takes too long.
pub fn shut_down(power: &dyn Power, soft: Duration, within: Duration) -> Result<(), LabError> {
    let began = Instant::now();
    if power.state()? == PowerState::On && power.soft_off().unwrap_or(false) {
        while began.elapsed() < soft {
            if power.state() == Ok(PowerState::Off) {
                return Ok(());
            }
            thread::sleep(POLL);
        }
    }
    ensure(power, PowerState::Off, within)
}

/// What the status of a power controller says, if it says one of the two.
pub(super) fn told(text: &str) -> Option<PowerState> {
    let text = text.to_ascii_lowercase();
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let says = |word: &str| match word {
        "on" => Some(PowerState::On),
        "off" => Some(PowerState::Off),
        _ => None,
    };
    let first = words.find_map(says)?;
    words.all(|word| says(word).is_none_or(|state| state == first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Obeys after so many commands, if ever.
    struct Stubborn {
        state: Mutex<PowerState>,
        asked: Mutex<u32>,
        obeys_at: u32,
    }

    impl Stubborn {
        fn on(obeys_at: u32) -> Stubborn {
            Stubborn { state: Mutex::new(PowerState::On), asked: Mutex::new(0), obeys_at }
        }
    }

    impl Power for Stubborn {
        fn on(&self) -> Result<(), LabError> {
            Ok(())
        }

        fn off(&self) -> Result<(), LabError> {
            let mut asked = self.asked.lock().expect("one thread");
            *asked += 1;
            if *asked >= self.obeys_at {
                *self.state.lock().expect("one thread") = PowerState::Off;
            }
            Ok(())
        }

        fn soft_off(&self) -> Result<bool, LabError> {
            Ok(true)
        }

        fn state(&self) -> Result<PowerState, LabError> {
            Ok(*self.state.lock().expect("one thread"))
        }
    }

    const SHORT: Duration = Duration::from_millis(50);

    #[test]
    fn an_ok_that_does_nothing_is_an_error() {
        let error = ensure(&Stubborn::on(9), PowerState::Off, SHORT).expect_err("it stays on");
        assert!(error.what.contains("said OK, but it is on"), "{error}");
    }

    #[test]
    fn it_is_told_a_second_time() {
        assert_eq!(ensure(&Stubborn::on(2), PowerState::Off, Duration::from_secs(2)), Ok(()));
    }

    #[test]
    fn a_system_that_ignores_the_button_loses_its_power() {
        let power = Stubborn::on(1);
        assert_eq!(shut_down(&power, SHORT, SHORT), Ok(()));
        assert_eq!(power.state(), Ok(PowerState::Off));
    }

    #[test]
    fn states_are_read_as_power_controllers_print_them() {
        assert_eq!(told("Chassis Power is on\n"), Some(PowerState::On));
        assert_eq!(told("off:     node1\n"), Some(PowerState::Off));
        assert_eq!(told("{\"PowerState\": \"Off\"}"), Some(PowerState::Off));
        assert_eq!(told("outlet 3 is turned around"), None);
        assert_eq!(told("on:  a\noff: b"), None);
    }
}
