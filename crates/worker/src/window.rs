//! How many jobs are worked on at a time: deliveries of a lane, and waiting jobs of a pool.

#[derive(Debug)]
pub(crate) struct Window {
    widest: u16,
    present: u16,
    /// Jobs that were admitted since it was last set.
    admitted: u32,
}

impl Window {
    pub(crate) fn new(widest: u16) -> Self {
        Self { widest, present: widest, admitted: 0 }
    }

    pub(crate) fn present(&self) -> u16 {
        self.present
    }

    pub(crate) fn is_widest(&self) -> bool {
        self.present >= self.widest
    }

    /// At most so many at a time.
    pub(crate) fn set(&mut self, window: u16) -> u16 {
        (self.present, self.admitted) = (window.clamp(1, self.widest), 0);
        self.present
    }

    /// Twice as wide after two windows of admitted jobs. `None`: as it was, also while answers are not
    /// understood.
    pub(crate) fn admitted(&mut self, is_unsure: bool) -> Option<u16> {
        self.admitted = self.admitted.saturating_add(1);
        let widens =
            !is_unsure && !self.is_widest() && self.admitted >= 2 * u32::from(self.present);
        widens.then(|| self.set(self.present.saturating_mul(2)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_windows_of_jobs_double_it_up_to_the_widest() {
        let mut window = Window::new(6);
        assert_eq!(window.set(u16::MAX), 6);
        assert_eq!(window.set(2), 2);
        assert_eq!([(); 4].map(|()| window.admitted(false)), [None, None, None, Some(4)]);
        assert_eq!((window.present(), window.is_widest()), (4, false));
        assert_eq!(window.set(8), 6);
        assert!(window.is_widest());
        assert!((0..20).all(|_| window.admitted(false).is_none()));
    }

    #[test]
    fn nothing_changes_until_answers_are_understood() {
        let mut window = Window::new(8);
        window.set(1);
        assert!((0..9).all(|_| window.admitted(true).is_none()));
        assert_eq!(window.admitted(false), Some(2));
    }
}
