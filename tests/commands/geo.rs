//! Places on Earth, and counting with HyperLogLogs.

use redmux::database::geo::{GeoAddOptions, GeoPlace, GeoSearch, GeoUnit};

use crate::{both, texts};

#[async_std::test]
async fn places() {
    both(|_, db| async move {
        let cities = [(13.361389, 38.115556, "Palermo"), (15.087269, 37.502669, "Catania")];
        assert_eq!(db.geoadd("c", cities).await.unwrap(), 2);
        let moved = GeoAddOptions::new().if_exists().changed();
        assert_eq!(db.geoadd_with("c", [(15.0, 37.5, "Catania")], moved).await.unwrap(), 1);
        let once = GeoAddOptions::new().if_missing();
        assert_eq!(db.geoadd_with("c", cities, once).await.unwrap(), 0);
        let distance = |to, unit| db.geodist("c", "Palermo", to, unit);
        let kilometers = distance("Catania", GeoUnit::Kilometers).await.unwrap().unwrap();
        assert!((kilometers - 159.0).abs() < 2.0, "{kilometers}");
        let meters = distance("Catania", GeoUnit::Meters).await.unwrap().unwrap();
        assert!((meters / kilometers - 1000.0).abs() < 0.1);
        assert!(distance("Catania", GeoUnit::Feet).await.unwrap().unwrap() > 3.0 * meters);
        assert_eq!(distance("none", GeoUnit::Miles).await.unwrap(), None);
        let hashes = db.geohash("c", ["Palermo", "none"]).await.unwrap();
        assert_eq!(hashes, [Some("sqc8b49rny0".to_owned()), None]);
        let positions = db.geopos("c", ["Palermo", "none"]).await.unwrap();
        let palermo = positions[0].unwrap();
        assert!((palermo.longitude - 13.361389).abs() < 1e-4);
        assert!((palermo.latitude - 38.115556).abs() < 1e-4);
        assert_eq!(positions[1], None);
        for odd in [&["1", "2"][..], &[]] {
            let error = db.geoadd("c", odd).await.unwrap_err();
            assert!(error.is_command() && error.to_string().contains("GEOADD"), "{error}");
        }
    })
    .await;
}

#[async_std::test]
async fn searching() {
    both(|_, db| async move {
        let cities = [(13.361389, 38.115556, "Palermo"), (15.087269, 37.502669, "Catania")];
        db.geoadd("c", cities).await.unwrap();
        let search = |search| db.geosearch::<String>("c", search);
        let near = || GeoSearch::around((15.0, 37.0)).radius(200.0, GeoUnit::Kilometers);
        assert_eq!(search(near().nearest_first()).await.unwrap(), texts(&["Catania", "Palermo"]));
        assert_eq!(search(near().farthest_first().count(1)).await.unwrap(), texts(&["Palermo"]));
        assert_eq!(search(near().count_any(1)).await.unwrap().len(), 1);
        let flat = GeoSearch::around_member("Palermo").rectangle(100.0, 1.0, GeoUnit::Meters);
        assert_eq!(search(flat.clone()).await.unwrap(), texts(&["Palermo"]));
        let places: Vec<GeoPlace<String>> =
            db.geosearch_places("c", near().nearest_first()).await.unwrap();
        assert_eq!((places.len(), places[0].member.as_str()), (2, "Catania"));
        assert!((places[0].distance - 56.44).abs() < 0.1);
        assert!((places[0].position.longitude - 15.087269).abs() < 1e-4);
        assert_eq!(places[0].hash as f64, db.zscore("c", "Catania").await.unwrap().unwrap());
        assert_eq!(db.geosearchstore("to", "c", flat).await.unwrap(), 1);
        assert_eq!(db.geosearchstore_distances("to", "c", near()).await.unwrap(), 2);
        assert!((db.zscore("to", "Catania").await.unwrap().unwrap() - 56.44).abs() < 0.1);
        let lost = GeoSearch::around_member("none").radius(1.0, GeoUnit::Miles);
        assert!(search(lost).await.unwrap_err().is_server());
    })
    .await;
}

#[async_std::test]
async fn hyperloglogs() {
    both(|_, db| async move {
        assert!(db.pfadd("a", ["1", "2", "3"]).await.unwrap());
        assert!(!db.pfadd("a", "1").await.unwrap());
        assert!(db.pfadd("b", ()).await.unwrap());
        db.pfadd("b", ["3", "4"]).await.unwrap();
        assert_eq!(db.pfcount("a").await.unwrap(), 3);
        assert_eq!(db.pfcount(["a", "b"]).await.unwrap(), 4);
        db.pfmerge("to", ["a", "b"]).await.unwrap();
        assert_eq!(db.pfcount("to").await.unwrap(), 4);
        assert!(db.pfcount(()).await.unwrap_err().is_command());
    })
    .await;
}
