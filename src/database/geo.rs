//! Places on Earth: members of sorted sets, with coordinates.
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! use redmux::database::geo::{GeoSearch, GeoUnit};
//!
//! db.geoadd("cities", [(13.361389, 38.115556, "Palermo"), (15.087269, 37.502669, "Catania")]).await?;
//! let near = GeoSearch::around((15.0, 37.0)).radius(200.0, GeoUnit::Kilometers).nearest_first();
//! let names: Vec<String> = db.geosearch("cities", near).await?;
//! # Ok(())
//! # }
//! ```

use super::{
    Database, Join,
    checks::{Unless, uneven},
    options::{options, words},
};
use crate::{
    Call,
    command::named,
    resp::{Arg, ArgList, FromReply, Reply, ReplyError, ToArg, ToArgs},
};

impl Database {
    /// Adds members, given as longitude, latitude and name, or moves them; returns how many are new
    ///
    /// See [GEOADD](https://redis.io/docs/latest/commands/geoadd/).
    pub fn geoadd(&self, key: impl ToArg, places: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.geoadd_with(key, places, GeoAddOptions::new())
    }

    /// Adds members or moves them as the options say; returns how many are new
    ///
    /// See [GEOADD](https://redis.io/docs/latest/commands/geoadd/). Since Redis 6.2.
    pub fn geoadd_with(
        &self,
        key: impl ToArg,
        places: impl ToArgs,
        options: GeoAddOptions,
    ) -> Call<'_, u64, impl ToArgs> {
        let fault = uneven(&places, 3, "longitudes, latitudes and names");
        self.call(named!("GEOADD"), Join((key,), Join(options, places))).unless(fault)
    }

    /// Distance of two members; `None` if one is missing
    ///
    /// See [GEODIST](https://redis.io/docs/latest/commands/geodist/).
    pub fn geodist(
        &self,
        key: impl ToArg,
        from: impl ToArg,
        to: impl ToArg,
        unit: GeoUnit,
    ) -> Call<'_, Option<f64>, impl ToArgs> {
        self.call(named!("GEODIST"), (key, from, to, unit))
    }

    /// Geohashes of members, of 11 characters each
    ///
    /// See [GEOHASH](https://redis.io/docs/latest/commands/geohash/).
    pub fn geohash(
        &self,
        key: impl ToArg,
        members: impl ToArgs,
    ) -> Call<'_, Vec<Option<String>>, impl ToArgs> {
        self.list(named!("GEOHASH"), (key,), members, "members")
    }

    /// Where members are, as longitude and latitude
    ///
    /// See [GEOPOS](https://redis.io/docs/latest/commands/geopos/).
    pub fn geopos(
        &self,
        key: impl ToArg,
        members: impl ToArgs,
    ) -> Call<'_, Vec<Option<GeoPosition>>, impl ToArgs> {
        self.list(named!("GEOPOS"), (key,), members, "members")
    }

    /// Members within an area
    ///
    /// See [GEOSEARCH](https://redis.io/docs/latest/commands/geosearch/). Since Redis 6.2.
    pub fn geosearch<T: FromReply>(
        &self,
        key: impl ToArg,
        search: GeoSearch,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call(named!("GEOSEARCH"), Join((key,), search))
    }

    /// Members within an area, with the distance from its centre and the position of each
    ///
    /// See [GEOSEARCH](https://redis.io/docs/latest/commands/geosearch/). Since Redis 6.2.
    pub fn geosearch_places<T: FromReply>(
        &self,
        key: impl ToArg,
        search: GeoSearch,
    ) -> Call<'_, Vec<GeoPlace<T>>, impl ToArgs> {
        self.call(
            named!("GEOSEARCH"),
            Join((key,), Join(search, ("WITHCOORD", "WITHDIST", "WITHHASH"))),
        )
    }

    /// Stores the members within an area; returns their number
    ///
    /// See [GEOSEARCHSTORE](https://redis.io/docs/latest/commands/geosearchstore/). Since
    /// Redis 6.2.
    pub fn geosearchstore(
        &self,
        to: impl ToArg,
        from: impl ToArg,
        search: GeoSearch,
    ) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("GEOSEARCHSTORE"), Join((to, from), search))
    }

    /// Stores the members within an area as a sorted set of their distances; returns their number
    ///
    /// See [GEOSEARCHSTORE](https://redis.io/docs/latest/commands/geosearchstore/). Since
    /// Redis 6.2.
    pub fn geosearchstore_distances(
        &self,
        to: impl ToArg,
        from: impl ToArg,
        search: GeoSearch,
    ) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("GEOSEARCHSTORE"), Join((to, from), Join(search, ("STOREDIST",))))
    }
}

options! {
    /// The condition for adding or moving members
    GeoAddOptions { condition, changed }
    /// Only new members (`NX`).
    condition: if_missing() => "NX";
    /// Only members that are there already (`XX`).
    condition: if_exists() => "XX";
    /// Counts moved members as well as new ones (`CH`).
    changed: changed() => "CH";
}

words! {
    /// A unit of length
    GeoUnit {
        /// Metres.
        Meters => "m",
        /// Kilometres.
        Kilometers => "km",
        /// Feet.
        Feet => "ft",
        /// Miles.
        Miles => "mi",
    }
}

/// A point on Earth, in degrees
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeoPosition {
    /// East of Greenwich; -180 to 180.
    pub longitude: f64,
    /// North of the equator; about -85 to 85.
    pub latitude: f64,
}

impl From<(f64, f64)> for GeoPosition {
    /// From longitude and latitude, in the order of Redis.
    fn from((longitude, latitude): (f64, f64)) -> Self {
        Self { longitude, latitude }
    }
}

impl FromReply for GeoPosition {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        <(f64, f64)>::from_reply(reply).map(Self::from)
    }
}

/// A member that a search found
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct GeoPlace<T> {
    /// Its name.
    pub member: T,
    /// Its distance from the centre, in the unit of the search.
    pub distance: f64,
    /// Its geohash of 52 bits, which is its score in the sorted set.
    pub hash: u64,
    /// Where it is.
    pub position: GeoPosition,
}

impl<T: FromReply> FromReply for GeoPlace<T> {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let (member, distance, hash, position) = reply.decode()?;
        Ok(Self { member, distance, hash, position })
    }
}

/// An area, by its centre
#[derive(Debug, Clone)]
#[must_use]
pub struct GeoCentre(Vec<Arg<'static>>);

/// An area, with the order and the maximum number of the members to return
#[derive(Debug, Clone)]
#[must_use]
pub struct GeoSearch {
    area: Vec<Arg<'static>>,
    order: Option<&'static str>,
    count: Option<(u64, bool)>,
}

impl GeoSearch {
    /// An area around a point, given as longitude and latitude.
    pub fn around(point: impl Into<GeoPosition>) -> GeoCentre {
        let GeoPosition { longitude, latitude } = point.into();
        let [x, y] = [longitude, latitude].map(|degrees| degrees.to_arg().into_owned());
        GeoCentre(vec![Arg::Bytes(b"FROMLONLAT"), x, y])
    }

    /// An area around a member; the search fails if the member is missing.
    pub fn around_member(member: impl ToArg) -> GeoCentre {
        GeoCentre(vec![Arg::Bytes(b"FROMMEMBER"), member.to_arg().into_owned()])
    }

    /// The nearest first.
    pub fn nearest_first(mut self) -> Self {
        self.order = Some("ASC");
        self
    }

    /// The farthest first.
    pub fn farthest_first(mut self) -> Self {
        self.order = Some("DESC");
        self
    }

    /// Returns at most `count` members, the nearest ones.
    pub fn count(mut self, count: u64) -> Self {
        self.count = Some((count, false));
        self
    }

    /// Returns at most `count` members, any within the area: faster.
    pub fn count_any(mut self, count: u64) -> Self {
        self.count = Some((count, true));
        self
    }
}

impl GeoCentre {
    /// All within this distance.
    pub fn radius(self, radius: f64, unit: GeoUnit) -> GeoSearch {
        self.area("BYRADIUS", &[radius], unit)
    }

    /// All within a rectangle of this size, along the parallels and meridians.
    pub fn rectangle(self, width: f64, height: f64, unit: GeoUnit) -> GeoSearch {
        self.area("BYBOX", &[width, height], unit)
    }

    fn area(mut self, word: &'static str, sizes: &[f64], unit: GeoUnit) -> GeoSearch {
        self.0.push(Arg::Bytes(word.as_bytes()));
        self.0.extend(sizes.iter().map(|size| size.to_arg().into_owned()));
        self.0.push(unit.to_arg().into_owned());
        GeoSearch { area: self.0, order: None, count: None }
    }
}

impl ToArgs for GeoSearch {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        self.area.append_to(args);
        args.extend(self.order.map(|order| Arg::Bytes(order.as_bytes())));
        if let Some((count, any)) = &self.count {
            args.extend([Arg::Bytes(b"COUNT"), count.to_arg()]);
            args.extend(any.then_some(Arg::Bytes(b"ANY")));
        }
    }
}
