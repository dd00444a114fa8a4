//! How many deliveries a lane takes at a time, and when the free slots are counted anew.

/// So many workers may take jobs for the same slots at a time without taking too many.
const SHARERS: u32 = 8;

#[derive(Debug)]
pub(crate) struct Window {
    widest: u16,
    /// Slots in the pool; 0: no limit.
    slots: u32,
    /// Permits granted since it was last set.
    granted: u32,
    /// After so many permits the free slots are counted anew.
    counted: u32,
}

/// What a granted permit changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Same,
    Wider(u16),
    /// The free slots must be counted.
    Count,
}

impl Window {
    pub(crate) fn new(widest: u16, slots: u32) -> Self {
        Self { widest, slots, granted: 0, counted: 1 }
    }

    /// At most so many at a time.
    pub(crate) fn set(&mut self, window: u16) -> u16 {
        let window = window.clamp(1, self.widest);
        (self.granted, self.counted) = (0, window.into());
        window
    }

    /// For a part of the slots that were free: other workers take jobs for the same slots.
    pub(crate) fn set_for(&mut self, free: u32) -> u16 {
        let part = (free / SHARERS).max(1);
        let window = self.set(u16::try_from(part).unwrap_or(u16::MAX));
        self.counted = part;
        window
    }

    /// In a pool with a limit the free slots are counted anew now and then. Without one, two
    /// windows of permits double the window.
    pub(crate) fn granted(&mut self, window: u16, is_unsure: bool) -> Next {
        self.granted = self.granted.saturating_add(1);
        match self.slots {
            _ if is_unsure => Next::Same,
            0 if window < self.widest && self.granted >= 2 * u32::from(window) => {
                Next::Wider(window.saturating_mul(2))
            }
            0 => Next::Same,
            _ if self.granted >= self.counted => Next::Count,
            _ => Next::Same,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_free_slots_is_taken_for_and_at_least_one() {
        let mut window = Window::new(8, 1000);
        assert_eq!([0, 7, 8, 40, 1000].map(|free| window.set_for(free)), [1, 1, 1, 5, 8]);
        window.set_for(16);
        assert_eq!(window.granted(2, false), Next::Same);
        assert_eq!(window.granted(2, false), Next::Count);
    }

    #[test]
    fn nothing_changes_until_answers_are_understood() {
        for slots in [0, 5] {
            let mut window = Window::new(8, slots);
            window.set(1);
            assert!((0..9).all(|_| window.granted(1, true) == Next::Same), "{slots}");
            assert_ne!(window.granted(1, false), Next::Same, "{slots}");
        }
    }
}
