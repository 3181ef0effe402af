//! Several servers: what they say of each other, and which of them serves a slot.

#![allow(dead_code, reason = "under construction: used by its tests")]

mod address;
mod map;
mod pace;
mod slots;
mod table;
#[cfg(test)]
mod tests;
mod view;
