//! What memory is used for.

use crate::{
    Call,
    database::{Database, options::record},
    resp::{ToArg, ToArgs},
};

impl Database {
    /// Bytes that a key uses; estimated from five elements if the value is large
    ///
    /// `None` if there is no such key. See
    /// [MEMORY USAGE](https://redis.io/docs/latest/commands/memory-usage/).
    pub fn memory_usage(&self, key: impl ToArg) -> Call<'_, Option<u64>, impl ToArgs> {
        self.call2("MEMORY", "USAGE", (key,))
    }

    /// Like [`memory_usage`](Self::memory_usage), estimated from `samples` elements, from all if 0
    ///
    /// See [MEMORY USAGE](https://redis.io/docs/latest/commands/memory-usage/).
    pub fn memory_usage_samples(
        &self,
        key: impl ToArg,
        samples: u64,
    ) -> Call<'_, Option<u64>, impl ToArgs> {
        self.call2("MEMORY", "USAGE", (key, "SAMPLES", samples))
    }

    /// What memory is used for
    ///
    /// See [MEMORY STATS](https://redis.io/docs/latest/commands/memory-stats/).
    pub fn memory_stats(&self) -> Call<'_, MemoryStats, impl ToArgs> {
        self.call2("MEMORY", "STATS", ())
    }

    /// A report on memory for a person to read
    ///
    /// See [MEMORY DOCTOR](https://redis.io/docs/latest/commands/memory-doctor/).
    pub fn memory_doctor(&self) -> Call<'_, String, impl ToArgs> {
        self.call2("MEMORY", "DOCTOR", ())
    }

    /// Returns unused memory to the operating system
    ///
    /// See [MEMORY PURGE](https://redis.io/docs/latest/commands/memory-purge/).
    pub fn memory_purge(&self) -> Call<'_, (), impl ToArgs> {
        self.call2("MEMORY", "PURGE", ())
    }

    /// What the allocator reports, as text
    ///
    /// See [MEMORY MALLOC-STATS](https://redis.io/docs/latest/commands/memory-malloc-stats/).
    pub fn memory_malloc_stats(&self) -> Call<'_, String, impl ToArgs> {
        self.call2("MEMORY", "MALLOC-STATS", ())
    }
}

record! {
    /// What memory is used for, in bytes unless a field says otherwise
    MemoryStats {
        /// The most that was ever allocated.
        "peak.allocated" => peak_allocated: u64,
        /// What is allocated.
        "total.allocated" => total_allocated: u64,
        /// What was allocated when the server had started.
        "startup.allocated" => startup_allocated: u64,
        /// What the server needs for itself.
        "overhead.total" => overhead: u64,
        /// Number of keys in all databases.
        "keys.count" => keys: u64,
        /// The average of a key.
        "keys.bytes-per-key" => bytes_per_key: u64,
        /// What the keys and values need.
        "dataset.bytes" => dataset: u64,
        /// How much of the allocated memory that is, in percent.
        "dataset.percentage" => dataset_percentage: f64,
        /// How much of the peak is allocated now, in percent.
        "peak.percentage" => peak_percentage: f64,
        /// Memory that the process has, divided by what is allocated.
        "fragmentation" => fragmentation: f64,
        /// Memory that the process has beyond what is allocated.
        "fragmentation.bytes" => fragmentation_bytes: i64,
    }
}
