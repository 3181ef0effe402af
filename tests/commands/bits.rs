//! Bits of strings.

use redmux::database::bitmaps::{BitField, BitOffset, BitOp, BitOverflow, BitRange, BitType};

use crate::both;

#[async_std::test]
async fn setbit_returns_the_former_bit() {
    both(|_, db| async move {
        assert!(!db.setbit("b", 7, true).await.unwrap());
        assert!(db.setbit("b", 7, true).await.unwrap());
        assert!(db.getbit("b", 7).await.unwrap() && !db.getbit("b", 99).await.unwrap());
    })
    .await;
}

#[async_std::test]
async fn bits_are_counted_and_found_in_ranges_of_bytes_and_bits() {
    both(|_, db| async move {
        db.set("foobar", "foobar").await.unwrap();
        assert_eq!(db.bitcount("foobar").await.unwrap(), 26);
        assert_eq!(db.bitcount_in("foobar", BitRange::bytes(1, 1)).await.unwrap(), 6);
        assert_eq!(db.bitcount_in("foobar", BitRange::bits(5, 30)).await.unwrap(), 17);
        assert_eq!(db.bitpos("foobar", true).await.unwrap(), 1);
        assert_eq!(db.bitpos_in("foobar", true, BitRange::bytes(1, -1)).await.unwrap(), 9);
        assert_eq!(db.bitpos_in("foobar", true, BitRange::bits(8, 8)).await.unwrap(), -1);
    })
    .await;
}

#[async_std::test]
async fn strings_are_combined_bit_by_bit() {
    both(|_, db| async move {
        db.mset([("x", "abc"), ("y", "abd")]).await.unwrap();
        assert_eq!(db.bitop(BitOp::And, "and", ["x", "y"]).await.unwrap(), 3);
        assert_eq!(db.get::<String>("and").await.unwrap().unwrap(), "ab`");
        assert_eq!(db.bitop(BitOp::Not, "not", "x").await.unwrap(), 3);
        for (operation, expected) in [(BitOp::Or, b"abg"), (BitOp::Xor, &[0, 0, 7])] {
            db.bitop(operation, "to", ["x", "y"]).await.unwrap();
            assert_eq!(db.get::<Vec<u8>>("to").await.unwrap().unwrap(), expected);
        }
    })
    .await;
}

#[async_std::test]
async fn operations_on_bit_fields_overflow_as_asked() {
    both(|_, db| async move {
        let (nibble, byte) = (BitType::unsigned(4), BitType::signed(8));
        let operations = BitField::new()
            .set(nibble, BitOffset::Nth(1), 9)
            .get(byte, BitOffset::Bit(0))
            .incrby(nibble, BitOffset::Nth(1), 10)
            .overflow(BitOverflow::Saturate)
            .incrby(nibble, BitOffset::Nth(1), 100)
            .overflow(BitOverflow::Fail)
            .incrby(nibble, BitOffset::Nth(1), 1);
        let results = db.bitfield("f", operations).await.unwrap();
        assert_eq!(results, [Some(0), Some(9), Some(3), Some(15), None]);
        let read = BitField::new().get(nibble, BitOffset::Bit(4));
        assert_eq!(db.bitfield_ro("f", read).await.unwrap(), [15]);
    })
    .await;
}

#[async_std::test]
async fn bit_fields_that_write_or_do_nothing_are_refused() {
    both(|_, db| async move {
        let nibble = BitType::unsigned(4);
        let read = BitField::new().get(nibble, BitOffset::Bit(4));
        let write = read.set(nibble, BitOffset::Bit(0), 1);
        assert!(db.bitfield_ro("f", write).await.unwrap_err().is_rejected());
        assert!(db.bitfield("f", BitField::new()).await.unwrap_err().is_rejected());
    })
    .await;
}
