//! Fields of vectors.

use super::{
    field::{Field, common},
    kind::Kind,
    vector::{Compression, Distance, VectorSpec, VectorType},
};

/// A builder of a field of vectors.
macro_rules! vector {
    (
        $(#[$meta:meta])* $name:ident => $algorithm:literal;
        $($(#[$doc:meta])* $option:ident($value:ident: $type:ty) => $word:literal;)*
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        #[must_use]
        pub struct $name(pub(in crate::stack::search) Field);

        impl $name {
            /// The field of this name, with vectors of such numbers, of this many dimensions.
            pub fn new(
                name: impl Into<String>,
                numbers: VectorType,
                dimensions: u32,
                distance: Distance,
            ) -> Self {
                let (algorithm, attributes) = ($algorithm, Vec::new());
                let vector = VectorSpec { algorithm, numbers, dimensions, distance, attributes };
                Self(Field::new(name.into(), Kind::Vector(vector)))
            }

            $(
                $(#[$doc])*
                pub fn $option(mut self, $value: $type) -> Self {
                    if let Kind::Vector(vector) = &mut self.0.kind {
                        vector.set($word, $value);
                    }
                    self
                }
            )*
        }

        common!($name;);
    };
}

vector! {
    /// Vectors that are compared one by one: exact, for some thousands
    FlatVector => "FLAT";
    /// For how many vectors memory is set apart.
    initial_capacity(vectors: u64) => "INITIAL_CAP";
    /// How many vectors a block of memory has. 1024 by default.
    block_size(vectors: u64) => "BLOCK_SIZE";
}

vector! {
    /// Vectors in a graph (HNSW): fast, nearly exact
    HnswVector => "HNSW";
    /// For how many vectors memory is set apart.
    initial_capacity(vectors: u64) => "INITIAL_CAP";
    /// How many edges a vector has in each layer; twice as many in the lowest one. 16 by default.
    m(edges: u32) => "M";
    /// How many candidates are looked at when a vector is added. 200 by default.
    ef_construction(candidates: u32) => "EF_CONSTRUCTION";
    /// How many candidates are looked at by a search. 10 by default.
    ef_runtime(candidates: u32) => "EF_RUNTIME";
    /// How far beyond its radius a search by distance looks, as a part of it. 0.01 by default.
    epsilon(part: f64) => "EPSILON";
}

vector! {
    /// Vectors in a graph (SVS-VAMANA), which may be compressed. Since Redis 8.2
    VamanaVector => "SVS-VAMANA";
    /// How vectors are made smaller; by default they are not.
    compression(kind: Compression) => "COMPRESSION";
    /// How many candidates are looked at when a vector is added. 200 by default.
    construction_window_size(candidates: u32) => "CONSTRUCTION_WINDOW_SIZE";
    /// How many edges a vector has. 32 by default.
    graph_max_degree(edges: u32) => "GRAPH_MAX_DEGREE";
    /// How many candidates are looked at by a search. 10 by default.
    search_window_size(candidates: u32) => "SEARCH_WINDOW_SIZE";
    /// How far beyond its radius a search by distance looks, as a part of it. 0.01 by default.
    epsilon(part: f64) => "EPSILON";
    /// After how many vectors the compression is trained.
    training_threshold(vectors: u64) => "TRAINING_THRESHOLD";
    /// To how many dimensions LeanVec reduces vectors. By default to half of them.
    reduce(dimensions: u32) => "REDUCE";
}
