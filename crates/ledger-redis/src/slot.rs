//! The slots of a Redis Cluster. Each master has some of them.

pub(crate) const SLOTS: u16 = 16_384;

/// The slot of every key with this hash tag: CRC-16/XMODEM, as the cluster specification says.
pub(crate) fn slot_of(tag: &str) -> u16 {
    let crc = tag.bytes().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| match crc & 0x8000 {
            0 => crc << 1,
            _ => (crc << 1) ^ 0x1021,
        })
    });
    crc % SLOTS
}

/// Which one of so many equal parts of all slots a slot lies in.
pub(crate) fn part_of(slot: u16, parts: usize) -> usize {
    usize::from(slot) * parts / usize::from(SLOTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        // 31c3 is the check value of CRC-16/XMODEM for this text.
        assert_eq!(slot_of("123456789"), 0x31c3);
        assert_eq!(slot_of("foo"), 12_182);
        assert_eq!(slot_of(""), 0);
    }

    #[test]
    fn parts_are_equal() {
        assert_eq!([0, 4095, 4096, 16_383].map(|slot| part_of(slot, 4)), [0, 0, 1, 3]);
        assert_eq!([5461, 5462, 16_383].map(|slot| part_of(slot, 3)), [0, 1, 2]);
    }
}
