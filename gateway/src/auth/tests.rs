use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, UNIX_EPOCH},
};

use redmux_transport::DialOptions;
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RsaKeyPair,
    },
};
use serde_json::{Value, json};

use super::*;
use crate::policy::Prefixes;

const SECRET: &[u8] = b"a secret of thirty-two bytes, or more";
/// Made for these tests; it opens nothing.
const RSA_KEY: &[u8] = include_bytes!("../../tests/data/rsa-private.pk8.der");

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn claims() -> Value {
    json!({ "iss": "https://id.example", "aud": "redis", "exp": now() + 600, "sub": "ada", "role": "shop" })
}

/// A token as any issuer makes it, without the library under test.
fn token(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let text = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
    let signed = b64(sign(text.as_bytes()));
    format!("{text}.{signed}")
}

fn hs256(claims: &Value) -> String {
    token(&json!({ "alg": "HS256", "typ": "JWT" }), claims, hmac_of(SECRET))
}

fn hmac_of(secret: &[u8]) -> impl FnOnce(&[u8]) -> Vec<u8> {
    move |text| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), text).as_ref().to_vec()
}

fn issuer(algorithms: &[&str], keys: Keys) -> Issuer {
    Issuer {
        name: "test".into(),
        algorithms: algorithms.iter().map(|text| text.parse().unwrap()).collect(),
        issuer: "https://id.example".into(),
        audience: vec!["redis".into()],
        leeway: Duration::from_secs(1),
        max_lifetime: Some(Duration::from_secs(24 * 3600)),
        typ: None,
        keys,
        role: Role::Claim { claim: "role".into(), among: vec!["shop".into(), "gone".into()] },
        subject_claim: "sub".into(),
    }
}

fn access(issuers: Vec<Issuer>) -> Access {
    let upstream = Arc::new(Upstream {
        name: "main".into(),
        endpoint: "127.0.0.1:1".parse().unwrap(),
        dial: DialOptions::default(),
        connect_timeout: Duration::from_secs(1),
        reply_timeout: Duration::from_secs(1),
        heartbeat: Default::default(),
    });
    let rules = Rules::new(["GET"]).unwrap().read(Prefixes::new(["u:{sub}:"]).unwrap());
    let principal = |name: &str, policy| {
        Arc::new(Principal { name: name.into(), policy, upstream: upstream.clone(), login: None })
    };
    let principals = BTreeMap::from([
        ("shop".to_owned(), principal("shop", Policy::with_rules(rules))),
        ("job".to_owned(), principal("job", Policy::deny_all())),
    ]);
    let issuers = issuers.into_iter().map(Arc::new).collect();
    Access { principals, issuers, ..Access::default() }
}

fn denied(access: &Access, secret: &str) -> &'static str {
    access.by_secret(secret).expect_err(secret).0
}

#[test]
fn tokens_stand_for_their_principal_and_nothing_else_does() {
    let (token, other) = (new_token().unwrap(), new_token().unwrap());
    let hash = TokenHash::of(&token).unwrap();
    let access = Access { tokens: vec![(hash, "job".into())], ..access(Vec::new()) };
    assert_eq!(access.by_secret(&token).unwrap().principal.name, "job");
    for wrong in [other.as_str(), "", &token[1..], &hash.to_string(), &format!("{token} ")] {
        assert_eq!(denied(&access, wrong), "the token is unknown");
    }
    assert!(access.by_nothing().is_none());
    // What was withdrawn is no longer good.
    let grant = access.by_secret(&token).unwrap();
    assert!(matches!(access.renew(&grant), Ok(None)));
    let newer = Access { stamp: Arc::default(), ..access.clone() };
    assert!(matches!(newer.renew(&grant), Ok(Some(_))));
    assert!(Access { tokens: Vec::new(), ..newer }.renew(&grant).is_err());
}

#[test]
fn a_good_jwt_names_principal_and_subject() {
    let access = access(vec![issuer(&["HS256"], Keys::secret(SECRET).unwrap())]);
    let grant = access.by_secret(&hs256(&claims())).unwrap();
    assert_eq!(grant.key(), "shop/ada");
    assert!(grant.rules.judge(&[b"GET", b"u:ada:1"]).is_ok());
    assert!(grant.rules.judge(&[b"GET", b"u:eve:1"]).is_err());
    let left = grant.expires.unwrap().duration_since(SystemTime::now()).unwrap();
    assert!((590..=602).contains(&left.as_secs()), "{left:?}");
}

#[test]
fn a_jwt_is_held_to_all_of_its_claims() {
    let access = access(vec![issuer(&["HS256"], Keys::secret(SECRET).unwrap())]);
    let changed = |name: &str, value: Value| {
        let mut claims = claims();
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
        denied(&access, &hs256(&claims))
    };
    assert_eq!(changed("exp", json!(now() - 60)), "the token has expired");
    assert_eq!(changed("exp", Value::Null), "the token lacks exp, iss or aud");
    changed("exp", json!("tomorrow"));
    changed("exp", json!(1e300));
    changed("exp", json!(-1));
    assert_eq!(changed("nbf", json!(now() + 60)), "the token is not valid yet");
    changed("nbf", json!("never"));
    assert_eq!(changed("iss", json!("https://evil.example")), "the token is another issuer's");
    assert_eq!(changed("iss", Value::Null), "the token lacks exp, iss or aud");
    assert_eq!(changed("aud", json!("other")), "the token is for another audience");
    assert_eq!(changed("aud", Value::Null), "the token lacks exp, iss or aud");
    assert_eq!(changed("role", json!("gone")), "there is no such principal");
    // `job` is there, for tokens and certificates: not for this issuer.
    assert_eq!(changed("role", json!("job")), "the issuer may not name this principal");
    let too_long = "the token is valid for longer than max_lifetime";
    assert_eq!(changed("exp", json!(90_000_000_000_u64)), too_long);
    assert_eq!(changed("iat", json!(now() - 24 * 3600)), too_long);
    assert_eq!(changed("role", Value::Null), "the claim that names the principal is missing");
    assert_eq!(changed("role", json!(["shop"])), "the claim that names the principal is missing");
    assert_eq!(changed("sub", json!("ada:*")), "the subject is no plain name");
    assert_eq!(
        changed("sub", Value::Null),
        "the policy needs a subject, and the credential has none"
    );
}

#[test]
fn a_jwt_cannot_choose_how_it_is_verified() {
    let rsa = RsaKeyPair::from_pkcs8(RSA_KEY).unwrap();
    let rs256 = ["RS256".parse().unwrap()];
    let keys = |file: &str| Keys::file(&data(file), &rs256).unwrap();
    let access = access(vec![issuer(&["RS256"], keys("jwks.json"))]);
    let header = |alg: &str| json!({ "alg": alg, "kid": "rsa-1" });
    // No signature at all.
    for alg in ["none", "None", "", "HS512", "ES256"] {
        access.by_secret(&token(&header(alg), &claims(), |_| Vec::new())).unwrap_err();
    }
    // The public key as the secret of an HMAC.
    let public = rsa.public_key().as_ref().to_vec();
    assert_eq!(
        denied(&access, &token(&header("HS256"), &claims(), hmac_of(&public))),
        "no issuer accepts this algorithm"
    );
    // Another's signature, a changed payload, a cut signature.
    let good = token(&header("RS256"), &claims(), sign_rsa(&rsa));
    access.by_secret(&good).unwrap();
    let parts: Vec<&str> = good.split('.').collect();
    let mut other = claims();
    other["sub"] = json!("eve");
    for bad in [
        format!("{}.{}.{}", parts[0], b64(other.to_string()), parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}", parts[0], parts[1], &parts[2][..40]),
        format!("{good}.x"),
        "..".into(),
        "a.b.c".into(),
        format!("{}.{}.{}", parts[0], parts[1], "A".repeat(9000)),
    ] {
        access.by_secret(&bad).unwrap_err();
    }
}

#[test]
fn every_family_of_algorithms_verifies_and_keys_are_found_by_name() {
    let random = SystemRandom::new();
    let rsa = RsaKeyPair::from_pkcs8(RSA_KEY).unwrap();
    let ec = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let ec =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, ec.as_ref(), &random).unwrap();
    let ed = Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&random).unwrap().as_ref())
        .unwrap();
    let point = ec.public_key().as_ref();
    let mut keys: Value =
        serde_json::from_slice(&std::fs::read(data("jwks.json")).unwrap()).unwrap();
    keys["keys"].as_array_mut().unwrap().extend([
        json!({ "kty": "EC", "crv": "P-256", "kid": "ec-1", "x": b64(&point[1..33]), "y": b64(&point[33..]) }),
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": "ed-1", "alg": "EdDSA", "x": b64(ed.public_key()) }),
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": "ed-enc", "use": "enc", "x": b64(ed.public_key()) }),
        json!({ "kty": "odd", "kid": "unknown kinds are passed over" }),
    ]);
    let dir = std::env::temp_dir().join(format!("redmux-jwks-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join("keys.json");
    std::fs::write(&file, keys.to_string()).unwrap();
    let access = access(
        [["RS256"], ["ES256"], ["EdDSA"]]
            .iter()
            .map(|alg| issuer(alg, Keys::file(&file, &[alg[0].parse().unwrap()]).unwrap()))
            .collect(),
    );
    let sign_ec = |text: &[u8]| ec.sign(&random, text).unwrap().as_ref().to_vec();
    let sign_ed = |text: &[u8]| ed.sign(text).as_ref().to_vec();
    let header = |alg: &str, kid: &str| match kid {
        "" => json!({ "alg": alg }),
        kid => json!({ "alg": alg, "kid": kid }),
    };
    for kid in ["rsa-1", ""] {
        access.by_secret(&token(&header("RS256", kid), &claims(), sign_rsa(&rsa))).unwrap();
    }
    for kid in ["ec-1", ""] {
        access.by_secret(&token(&header("ES256", kid), &claims(), sign_ec)).unwrap();
    }
    access.by_secret(&token(&header("EdDSA", "ed-1"), &claims(), sign_ed)).unwrap();
    // Not that name, not that kind, not for signatures.
    for (alg, kid) in [("EdDSA", "ed-enc"), ("EdDSA", "ec-1"), ("EdDSA", "gone")] {
        assert_eq!(
            denied(&access, &token(&header(alg, kid), &claims(), sign_ed)),
            "the token's key is unknown"
        );
    }
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn keys_are_rotated_with_their_file_and_kept_while_it_is_broken() {
    let dir = std::env::temp_dir().join(format!("redmux-rotation-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join("keys.json");
    let write = |kid: &str, secret: &[u8], age: u64| {
        let keys =
            json!({ "keys": [{ "kty": "oct", "kid": kid, "alg": "HS256", "k": b64(secret) }] });
        std::fs::write(&file, keys.to_string()).unwrap();
        // Times of files may be coarse.
        let at = SystemTime::now() - Duration::from_secs(age);
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(at).unwrap();
        std::thread::sleep(Duration::from_millis(60));
    };
    let signed = |kid: &str, secret: &'static [u8]| {
        token(&json!({ "alg": "HS256", "kid": kid }), &claims(), hmac_of(secret))
    };
    write("old", SECRET, 100);
    let hs256 = ["HS256".parse().unwrap()];
    let access = access(vec![issuer(&["HS256"], Keys::file(&file, &hs256).unwrap())]);
    let other = b"another secret of thirty-two bytes";
    let (old, new) = (signed("old", SECRET), signed("new", other));
    let before = access.by_secret(&old).unwrap();
    access.by_secret(&new).unwrap_err();
    assert!(matches!(access.renew(&before), Ok(None)));
    write("new", other, 50);
    let grant = access.by_secret(&new).unwrap();
    access.by_secret(&old).unwrap_err();
    // Who came with the key that is gone has to go.
    assert_eq!(access.renew(&before).unwrap_err(), Lost::Withdrawn("the token's key is unknown"));
    assert!(matches!(access.renew(&grant), Ok(None)));
    write("newer", other, 40);
    assert!(access.renew(&grant).is_err());
    write("new", other, 30);
    assert!(matches!(access.renew(&grant), Ok(Some(_))));
    std::fs::write(&file, "half a fi").unwrap();
    std::thread::sleep(Duration::from_millis(60));
    access.by_secret(&new).unwrap();
    std::fs::remove_file(&file).unwrap();
    std::thread::sleep(Duration::from_millis(60));
    access.by_secret(&new).unwrap();
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn keys_that_are_none_are_refused() {
    assert!(Keys::secret(b"too short").is_err());
    let hs256 = ["HS256".parse().unwrap()];
    assert!(Keys::file(&data("no-such-file"), &hs256).is_err());
    assert!(Keys::file(&data("rsa-private.pk8.der"), &hs256).is_err());
    // There are keys in it, of another kind.
    assert!(Keys::file(&data("jwks.json"), &hs256).is_err());
    assert!(Keys::public(b"-----BEGIN NOTHING-----", &["RS256".parse().unwrap()]).is_err());
}

/// The empty key, and `secret`, verify for everybody.
#[test]
fn secrets_in_a_file_of_keys_are_as_long_as_others() {
    let file = std::env::temp_dir().join(format!("redmux-weak-{}.json", std::process::id()));
    let hs256: [jsonwebtoken::Algorithm; 1] = ["HS256".parse().unwrap()];
    let read = |secrets: &[&[u8]]| {
        let keys: Vec<Value> =
            secrets.iter().map(|secret| json!({ "kty": "oct", "k": b64(secret) })).collect();
        std::fs::write(&file, json!({ "keys": keys }).to_string()).unwrap();
        Keys::file(&file, &hs256)
    };
    for weak in [&b""[..], b"secret", &SECRET[..31]] {
        let error = read(&[SECRET, weak]).expect_err("it is weak").to_string();
        assert!(error.contains("less than 32 bytes"), "{error}");
    }
    assert!(read(&[&SECRET[..32]]).is_ok());
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn headers_that_are_critical_and_other_types_are_refused() {
    let mut issuer = issuer(&["HS256"], Keys::secret(SECRET).unwrap());
    let with = |header: Value| token(&header, &claims(), hmac_of(SECRET));
    let plain = access(vec![issuer_like(&issuer)]);
    let crit = with(json!({ "alg": "HS256", "crit": ["b64"], "b64": false }));
    assert_eq!(denied(&plain, &crit), "the token has critical headers, which are not known here");
    denied(&plain, &with(json!({ "alg": "HS256", "crit": "b64" })));
    for typ in ["JWT", "jwt", "at+jwt", "application/at+jwt"] {
        plain.by_secret(&with(json!({ "alg": "HS256", "typ": typ }))).unwrap();
    }
    for typ in ["logout+jwt", "dpop+jwt", "JOSE", ""] {
        let other = with(json!({ "alg": "HS256", "typ": typ }));
        assert_eq!(denied(&plain, &other), "the token is of another type");
    }
    issuer.typ = Some("at+jwt".into());
    let strict = access(vec![issuer]);
    strict.by_secret(&with(json!({ "alg": "HS256", "typ": "application/AT+JWT" }))).unwrap();
    for header in [json!({ "alg": "HS256" }), json!({ "alg": "HS256", "typ": "JWT" })] {
        assert_eq!(denied(&strict, &with(header)), "the token is of another type");
    }
}

fn issuer_like(issuer: &Issuer) -> Issuer {
    Issuer {
        name: issuer.name.clone(),
        algorithms: issuer.algorithms.clone(),
        issuer: issuer.issuer.clone(),
        audience: issuer.audience.clone(),
        leeway: issuer.leeway,
        max_lifetime: issuer.max_lifetime,
        typ: issuer.typ.clone(),
        keys: Keys::secret(SECRET).unwrap(),
        role: issuer.role.clone(),
        subject_claim: issuer.subject_claim.clone(),
    }
}

/// Under a newer configuration a token is worth what it is worth there.
#[test]
fn a_session_ends_with_what_it_was_granted_for() {
    let issued = || issuer(&["HS256"], Keys::secret(SECRET).unwrap());
    let old = access(vec![issued()]);
    let grant = old.by_secret(&hs256(&claims())).unwrap();
    assert!(matches!(old.renew(&grant), Ok(None)), "nothing has changed");
    assert!(matches!(access(vec![issued()]).renew(&grant), Ok(Some(_))));
    let other_key = Keys::secret(b"another secret of thirty-two bytes").unwrap();
    let withdrawn = |issuer: Issuer| match access(vec![issuer]).renew(&grant) {
        Err(Lost::Withdrawn(why)) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(withdrawn(issuer(&["HS256"], other_key)), "the token's signature is wrong");
    let changes: [fn(&mut Issuer); 4] = [
        |issuer| issuer.issuer = "https://other.example".into(),
        |issuer| issuer.audience = vec!["other".into()],
        |issuer| issuer.typ = Some("at+jwt".into()),
        |issuer| issuer.max_lifetime = Some(Duration::from_secs(1)),
    ];
    for change in changes {
        let mut issuer = issued();
        change(&mut issuer);
        withdrawn(issuer);
    }
    assert!(matches!(access(Vec::new()).renew(&grant), Err(Lost::Withdrawn(_))));
    // The same token may stand for somebody else now.
    let mut other = issued();
    other.role = Role::Fixed("job".into());
    assert_eq!(access(vec![other]).renew(&grant).unwrap_err(), Lost::Changed);
    let mut other = issued();
    other.subject_claim = "role".into();
    assert_eq!(access(vec![other]).renew(&grant).unwrap_err(), Lost::Changed);
    assert!(!format!("{grant:?}").contains(&hs256(&claims())[..20]));
}

#[test]
fn one_credential_is_shown_and_never_in_an_unreadable_way() {
    let shows = |protocols: &[&str], header: Option<&str>| {
        let head = RequestHead {
            protocols: protocols.iter().map(|&text| text.to_owned()).collect(),
            authorization: header.map(str::to_owned),
            ..RequestHead::default()
        };
        match shown(&head, None) {
            Ok(Shown::Secret(secret)) => Some(secret),
            Ok(_) => Some(String::new()),
            Err(_) => None,
        }
    };
    let encoded = format!("auth.{}", b64("secret"));
    assert_eq!(shows(&["redis.v1", &encoded], None).as_deref(), Some("secret"));
    assert_eq!(shows(&["redis.v1"], Some("bearer secret")).as_deref(), Some("secret"));
    assert_eq!(shows(&["redis.v1"], None).as_deref(), Some(""));
    for (protocols, header) in [
        (vec![encoded.as_str(), encoded.as_str()], None),
        (vec![encoded.as_str()], Some("Bearer secret")),
        (vec!["auth.a=b"], None),
        (vec!["auth.$$$"], None),
        (vec![], Some("Basic dTpw")),
    ] {
        assert_eq!(shows(&protocols, header), None, "{protocols:?} {header:?}");
    }
}

fn sign_rsa(key: &RsaKeyPair) -> impl FnOnce(&[u8]) -> Vec<u8> {
    move |text| {
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature).unwrap();
        signature
    }
}

fn data(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file)
}
