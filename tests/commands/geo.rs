//! Places on Earth.

use redmux::{
    Database,
    database::geo::{GeoAddOptions, GeoPlace, GeoSearch, GeoUnit},
};

use crate::{both, texts};

const CITIES: [(f64, f64, &str); 2] =
    [(13.361389, 38.115556, "Palermo"), (15.087269, 37.502669, "Catania")];

async fn make(db: &Database) {
    assert_eq!(db.geoadd("c", CITIES).await.unwrap(), 2);
}

/// Both cities are within.
fn near() -> GeoSearch {
    GeoSearch::around((15.0, 37.0)).radius(200.0, GeoUnit::Kilometers)
}

#[async_std::test]
async fn places_are_added_and_moved_on_conditions() {
    both(|_, db| async move {
        make(&db).await;
        let moved = GeoAddOptions::new().if_exists().changed();
        assert_eq!(db.geoadd_with("c", [(15.0, 37.5, "Catania")], moved).await.unwrap(), 1);
        let once = GeoAddOptions::new().if_missing();
        assert_eq!(db.geoadd_with("c", CITIES, once).await.unwrap(), 0);
    })
    .await;
}

#[async_std::test]
async fn distances_are_in_the_unit_that_is_asked_for() {
    both(|_, db| async move {
        make(&db).await;
        db.geoadd("c", [(15.0, 37.5, "Catania")]).await.unwrap();
        let distance = |to, unit| db.geodist("c", "Palermo", to, unit);
        let kilometers = distance("Catania", GeoUnit::Kilometers).await.unwrap().unwrap();
        assert!((kilometers - 159.0).abs() < 2.0, "{kilometers}");
        let meters = distance("Catania", GeoUnit::Meters).await.unwrap().unwrap();
        assert!((meters / kilometers - 1000.0).abs() < 0.1);
        assert!(distance("Catania", GeoUnit::Feet).await.unwrap().unwrap() > 3.0 * meters);
        assert_eq!(distance("none", GeoUnit::Miles).await.unwrap(), None);
    })
    .await;
}

#[async_std::test]
async fn a_place_has_a_hash_and_a_position() {
    both(|_, db| async move {
        make(&db).await;
        let hashes = db.geohash("c", ["Palermo", "none"]).await.unwrap();
        assert_eq!(hashes, [Some("sqc8b49rny0".to_owned()), None]);
        let positions = db.geopos("c", ["Palermo", "none"]).await.unwrap();
        let palermo = positions[0].unwrap();
        assert!((palermo.longitude - 13.361389).abs() < 1e-4);
        assert!((palermo.latitude - 38.115556).abs() < 1e-4);
        assert_eq!(positions[1], None);
    })
    .await;
}

#[async_std::test]
async fn places_without_a_position_are_refused() {
    both(|_, db| async move {
        for odd in [&["1", "2"][..], &[]] {
            let error = db.geoadd("c", odd).await.unwrap_err();
            assert!(error.is_rejected() && error.to_string().contains("GEOADD"), "{error}");
        }
    })
    .await;
}

#[async_std::test]
async fn places_are_found_in_an_order_and_a_number() {
    both(|_, db| async move {
        make(&db).await;
        let search = |search| db.geosearch::<String>("c", search);
        assert_eq!(search(near().nearest_first()).await.unwrap(), texts(&["Catania", "Palermo"]));
        assert_eq!(search(near().farthest_first().count(1)).await.unwrap(), texts(&["Palermo"]));
        assert_eq!(search(near().count_any(1)).await.unwrap().len(), 1);
    })
    .await;
}

#[async_std::test]
async fn a_search_is_around_a_member_and_may_be_a_rectangle() {
    both(|_, db| async move {
        make(&db).await;
        let flat = GeoSearch::around_member("Palermo").rectangle(100.0, 1.0, GeoUnit::Meters);
        assert_eq!(db.geosearch::<String>("c", flat.clone()).await.unwrap(), texts(&["Palermo"]));
        assert_eq!(db.geosearchstore("to", "c", flat).await.unwrap(), 1);
        let lost = GeoSearch::around_member("none").radius(1.0, GeoUnit::Miles);
        assert!(db.geosearch::<String>("c", lost).await.unwrap_err().is_server());
    })
    .await;
}

#[async_std::test]
async fn a_place_is_found_with_distance_position_and_hash() {
    both(|_, db| async move {
        make(&db).await;
        let places: Vec<GeoPlace<String>> =
            db.geosearch_places("c", near().nearest_first()).await.unwrap();
        assert_eq!((places.len(), places[0].member.as_str()), (2, "Catania"));
        assert!((places[0].distance - 56.44).abs() < 0.1);
        assert!((places[0].position.longitude - 15.087269).abs() < 1e-4);
        assert_eq!(places[0].hash as f64, db.zscore("c", "Catania").await.unwrap().unwrap());
    })
    .await;
}

#[async_std::test]
async fn distances_are_stored_as_scores() {
    both(|_, db| async move {
        make(&db).await;
        assert_eq!(db.geosearchstore_distances("to", "c", near()).await.unwrap(), 2);
        assert!((db.zscore("to", "Catania").await.unwrap().unwrap() - 56.44).abs() < 0.1);
    })
    .await;
}
