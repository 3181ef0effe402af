//! A real cluster, used as one server is.

mod basics;
