//! Options of commands.

use crate::database::options::options;

options! {
    /// How a Bloom filter grows
    ///
    /// ```
    /// use redmux::stack::bloom::BloomOptions;
    /// let options = BloomOptions::new().expansion(4);
    /// ```
    BloomOptions { growth }
    /// When the filter is full it gets a part that is this many times as large as the part before; 2 by default
    /// (`EXPANSION`).
    growth: expansion(factor: u32) => "EXPANSION", factor;
    /// When the filter is full, adding an item is an error (`NONSCALING`).
    growth: nonscaling() => "NONSCALING";
}

options! {
    /// The filter that [`insert`](super::BloomCommands::insert) makes if there is none
    BloomInsertOptions { capacity, error_rate, growth, no_create, tightening, validate }
    /// For how many items (`CAPACITY`).
    capacity: capacity(items: u64) => "CAPACITY", items;
    /// The share of wrong yeses, between 0 and 1 (`ERROR`).
    error_rate: error_rate(rate: f64) => "ERROR", rate;
    /// How many times as large as the part before is a part that is added when the filter is full; 2 by default
    /// (`EXPANSION`).
    growth: expansion(factor: u32) => "EXPANSION", factor;
    /// When the filter is full, adding an item is an error (`NONSCALING`).
    growth: nonscaling() => "NONSCALING";
    /// It is an error if there is no filter (`NOCREATE`).
    no_create: no_create() => "NOCREATE";
    /// By how much the share of wrong yeses is smaller in each part that is added, 0.5 by default (`TIGHTENING`). Only
    /// Valkey has it.
    tightening: tightening(ratio: f64) => "TIGHTENING", ratio;
    /// It is an error if the filter could not grow to this many items (`VALIDATESCALETO`). Only Valkey has it.
    validate: validate_scale_to(items: u64) => "VALIDATESCALETO", items;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::{ArgList, ToArgs};

    fn words(options: &impl ToArgs) -> String {
        let mut args = ArgList::new();
        options.append_to(&mut args);
        let words = args.iter().map(|arg| String::from_utf8_lossy(arg.as_bytes()).into_owned());
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_filter_grows_in_one_way() {
        assert_eq!(words(&BloomOptions::new()), "");
        assert_eq!(words(&BloomOptions::new().nonscaling().expansion(4)), "EXPANSION 4");
        assert_eq!(words(&BloomOptions::new().expansion(4).nonscaling()), "NONSCALING");
    }

    #[test]
    fn options_are_words() {
        let all = BloomInsertOptions::new().no_create().error_rate(0.001).capacity(9).expansion(3);
        assert_eq!(words(&all), "CAPACITY 9 ERROR 0.001 EXPANSION 3 NOCREATE");
        let valkey = BloomInsertOptions::new().tightening(0.5).validate_scale_to(99);
        assert_eq!(words(&valkey), "TIGHTENING 0.5 VALIDATESCALETO 99");
    }
}
